package scripts_test

import (
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestHTTPSignsWithEveryKeySpec(t *testing.T) {
	need(t, "curl")
	service := serve(t, signingService(asBytes))
	for _, spec := range keySpecs {
		for kind, payload := range payloads {
			t.Run(spec.Name+"/"+kind, func(t *testing.T) {
				signer := run(t, "http.sh", spec.environment(service...), payload)
				if signer.err != nil {
					t.Fatalf("%v: %s", signer.err, signer.stderr)
				}
				spec.verify(t, payload, signer.stdout, false)
			})
		}
	}
}

func TestHTTPPassesOnWhatTheServiceAnswers(t *testing.T) {
	need(t, "curl")
	spec := specNamed("RSA-2048")
	service := serve(t, signingService(func(signature []byte) []byte {
		return []byte(base64.StdEncoding.EncodeToString(signature) + "\n")
	}))
	signer := run(t, "http.sh", spec.environment(service...), payloads["text"])
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(signer.stdout)))
	if err != nil {
		t.Fatalf("answered %q: %v; %s", signer.stdout, err, signer.stderr)
	}
	spec.verify(t, payloads["text"], signature, false)
}

func TestHTTPKeepsTheTokenSecret(t *testing.T) {
	need(t, "curl")
	spec := specNamed("EC-256")
	path, record := recordArguments(t, "curl")
	service := append(serve(t, signingService(asBytes)), path)
	signer := run(t, "http.sh", spec.environment(service...), payloads["text"])
	if signer.err != nil {
		t.Fatalf("%v: %s", signer.err, signer.stderr)
	}
	signer.assertSecret(t, record, bearerToken)
}

func TestHTTPWithoutTokenOverPlainHTTP(t *testing.T) {
	need(t, "curl")
	spec := specNamed("EC-256")
	headers := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header
		_, _ = w.Write([]byte("answer")) // the client sees what is missing
	}))
	t.Cleanup(server.Close)
	signer := run(t, "http.sh", spec.environment("EXTERNAL_SIGNER_URL="+server.URL), payloads["text"])
	if signer.err != nil || string(signer.stdout) != "answer" {
		t.Fatalf("answered %q, %v: %s", signer.stdout, signer.err, signer.stderr)
	}
	if got := (<-headers)["Authorization"]; got != nil {
		t.Errorf("sent authorization %q, and has none", got)
	}
}

func TestHTTPRefusesHostileService(t *testing.T) {
	need(t, "curl")
	xs := func(count int) string { return strings.Repeat("x", count) }
	redirect := http.RedirectHandler("https://example.invalid/", http.StatusFound).ServeHTTP
	wrong := "EXTERNAL_SIGNER_TOKEN_FILE=" + writeFile(t, "wrong", []byte("guess"))
	const (
		offline        = "HSM offline: \x1b[31mé"
		second, far    = "EXTERNAL_DEADLINE=1", "EXTERNAL_DEADLINE=40"
		past, tomorrow = "SIGNER_DEADLINE=1", "SIGNER_DEADLINE=99999999999"
	)
	for name, test := range map[string]struct {
		service http.HandlerFunc
		more    []string
		words   []string
	}{
		"401": {answerWith(401, "token expired yesterday\n"), nil,
			[]string{"token expired yesterday", "refused with HTTP status 401"}},
		"500":              {answerWith(500, offline), nil, []string{"HSM offline: [31mé", "HTTP status 500"}},
		"500 with a flood": {answerWith(500, xs(50_000)), nil, []string{"refused with HTTP status 500"}},
		"redirect":         {redirect, nil, []string{"refused with HTTP status 302"}},
		"204":              {answerWith(204, ""), nil, []string{"refused with HTTP status 204"}},
		"wrong token":      {signingService(asBytes), []string{wrong}, []string{"token unknown", "401"}},
		"no such key":      {signingService(asBytes), []string{"SIGNER_KEY_ID=other"}, []string{"no such key", "404"}},
		"hang":             {hang, []string{second}, []string{"gave no answer in 1 s", "EXTERNAL_DEADLINE"}},
		"hang, by plugin":  {hang, []string{past}, []string{"gave no answer in 1 s", "raise the plugin's timeout"}},
		"hang, sooner":     {hang, []string{past, far}, []string{"gave no answer in 1 s"}},
		"hang, far plugin": {hang, []string{tomorrow, second}, []string{"gave no answer in 1 s"}},
		"hang-up":          {hangUp, nil, []string{"gave no answer"}},
		"flood":            {flood, nil, []string{"answered with more than 64 KiB"}},
		"large body":       {answerWith(200, xs(100_000)), nil, []string{"answered with more than 64 KiB"}},
		"unknown CA": {signingService(asBytes), []string{"EXTERNAL_SIGNER_CA="},
			[]string{"certificate", "gave no answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environment := specNamed("EC-256").environment(append(serve(t, test.service), test.more...)...)
			signer := run(t, "http.sh", environment, payloads["text"])
			signer.assertRefused(t, test.words...)
			if len(signer.stderr) > 3000 {
				t.Errorf("said %d bytes, want the beginning of the answer", len(signer.stderr))
			}
		})
	}
}

func TestHTTPRefuses(t *testing.T) {
	need(t, "curl")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "https://" + listener.Addr().String()
	closed := "EXTERNAL_SIGNER_URL=" + address
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	url := func(value string) []string { return []string{"EXTERNAL_SIGNER_URL=" + value} }
	with := func(setting string) []string { return []string{closed, setting} }
	const file = "EXTERNAL_SIGNER_TOKEN_FILE="
	token := file + writeFile(t, "token", []byte(bearerToken))
	crooked := file + writeFile(t, "crooked", []byte("a\rX-Admin: 1"))
	stolen := filepath.Join(t.TempDir(), "stolen")
	for name, test := range map[string]struct{ more, words []string }{
		"no URL":               {nil, []string{"EXTERNAL_SIGNER_URL is not set\nhint: set it"}},
		"nobody there":         {[]string{closed}, []string{"gave no answer", "curl"}},
		"a file":               {url("file:///etc/passwd"), []string{"gave no answer", "file"}},
		"password in the URL":  {url("https://me:" + bearerToken + "@127.0.0.1/"), []string{"password"}},
		"lines in the URL":     {url("https://127.0.0.1/\noutput = " + stolen), []string{"control character"}},
		"quotes in the URL":    {url("https://127.0.0.1:1/\" output = " + stolen), []string{"gave no answer"}},
		"no token file":        {with(file + "/nowhere"), []string{`token file "/nowhere" can't be read`}},
		"empty token file":     {with(file + "/dev/null"), []string{"is empty"}},
		"token in the clear":   {append(url("http://127.0.0.1/"), token), []string{"not sent in the clear"}},
		"no CA file":           {with("EXTERNAL_SIGNER_CA=/nowhere"), []string{`CA certificate "/nowhere" can't`}},
		"header in the key id": {with("SIGNER_KEY_ID=a\r\nX-Admin: 1"), []string{"control character"}},
		"header in the token":  {with(crooked), []string{"control character"}},
		"bad deadline":         {with("EXTERNAL_DEADLINE=soon"), []string{"EXTERNAL_DEADLINE"}},
		"octal deadline":       {with("EXTERNAL_DEADLINE=00"), []string{"EXTERNAL_DEADLINE", "at least 1"}},
		"bad plugin deadline":  {with("SIGNER_DEADLINE=$(id)"), []string{"SIGNER_DEADLINE", "Unix time"}},
		"secret in the query":  {[]string{closed + "?code=" + bearerToken}, []string{address + " gave no answer"}},
		"without the plugin":   {with("SIGNER_SIGNING_ALGORITHM="), []string{"SIGNER_SIGNING_ALGORITHM is not set"}},
		"curl missing":         {with("PATH=" + t.TempDir()), []string{"curl is not installed"}},
	} {
		t.Run(name, func(t *testing.T) {
			signer := run(t, "http.sh", specNamed("EC-256").environment(test.more...), payloads["text"])
			signer.assertRefused(t, test.words...)
			if strings.Contains(signer.stderr, bearerToken) {
				t.Error("the token is in standard error")
			}
			if _, err := os.Stat(stolen); err == nil {
				t.Error("the URL is taken for an option of curl")
			}
		})
	}
}

// The plugin ends a signer by signals to its process group.
func TestHTTPLeavesNothingWhenEnded(t *testing.T) {
	need(t, "curl")
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGKILL": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			asked, gone := make(chan struct{}), make(chan struct{})
			service := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(asked)
				hang(w, r)
				close(gone)
			}))
			path, err := filepath.Abs("http.sh")
			if err != nil {
				t.Fatal(err)
			}
			temporary := t.TempDir()
			command := exec.CommandContext(t.Context(), path)
			command.Env = specNamed("EC-256").environment(append(service, "TMPDIR="+temporary)...)
			command.Stdin, command.Stderr = strings.NewReader("payload"), os.Stderr
			command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			<-asked
			if err := syscall.Kill(-command.Process.Pid, signal); err != nil {
				t.Error(err)
			}
			if command.Wait() == nil {
				t.Error("ended with status 0")
			}
			<-gone // curl has ended too
			assertEmpty(t, temporary)
		})
	}
}
