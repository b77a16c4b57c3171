package scripts_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"io"
	"math/big"
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

const bearerToken = "s3cr3t-bearer-token"

// signingService is a signing service with the key of every key spec. It
// signs what its headers ask for, for who knows the token.
func signingService(answer func([]byte) []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+bearerToken {
			http.Error(w, "token unknown", http.StatusUnauthorized)
			return
		}
		payload, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client is gone
		}
		for _, spec := range keySpecs {
			if asksFor(r, spec) {
				_, _ = w.Write(answer(spec.sign(payload))) // the client sees what is missing
				return
			}
		}
		http.Error(w, "no such key", http.StatusNotFound)
	}
}

// asksFor tells whether the request has all that http.sh documents.
func asksFor(r *http.Request, spec keySpec) bool {
	return r.Method == http.MethodPost &&
		r.Header.Get("Content-Type") == "application/octet-stream" &&
		r.Header.Get("Signer-Key-Id") == "release" &&
		r.Header.Get("Signer-Key-Spec") == spec.name &&
		r.Header.Get("Signer-Hash-Algorithm") == spec.hashName &&
		r.Header.Get("Signer-Signing-Algorithm") == spec.algorithm
}

// sign signs as Notation wants it: PSS with a salt as long as the digest, or r‖s.
func (k keySpec) sign(payload []byte) []byte {
	var options crypto.SignerOpts = k.hash
	if k.curve == nil {
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: k.hash}
	}
	signature, err := k.key().Sign(rand.Reader, k.digest(payload), options)
	if err != nil {
		panic(err)
	}
	if k.curve == nil {
		return signature
	}
	var parsed struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &parsed); err != nil {
		panic(err)
	}
	size := (k.curve.Params().BitSize + 7) / 8
	raw := make([]byte, 2*size)
	parsed.R.FillBytes(raw[:size])
	parsed.S.FillBytes(raw[size:])
	return raw
}

func asBytes(signature []byte) []byte { return signature }

// serve starts an HTTPS server and returns what http.sh needs to reach it.
func serve(t *testing.T, handler http.Handler) []string {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return []string{
		"EXTERNAL_SIGNER_URL=" + server.URL + "/sign",
		"EXTERNAL_SIGNER_CA=" + writeFile(t, "ca.pem", encodePEM("CERTIFICATE", server.Certificate().Raw)),
		"EXTERNAL_SIGNER_TOKEN_FILE=" + writeFile(t, "token", []byte(bearerToken+"\n")),
	}
}

func TestHTTPSignsWithEveryKeySpec(t *testing.T) {
	need(t, "curl")
	service := serve(t, signingService(asBytes))
	for _, spec := range keySpecs {
		for kind, payload := range payloads {
			t.Run(spec.name+"/"+kind, func(t *testing.T) {
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

// answerWith is a service that gives everybody the same answer.
func answerWith(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client sees what is missing
	}
}

// hang is a service that never answers.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only a read body lets the server see that the client is gone
	<-r.Context().Done()
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		connection.Close()
	}
}

// flood answers for as long as somebody reads.
func flood(w http.ResponseWriter, _ *http.Request) {
	for {
		if _, err := w.Write(make([]byte, 4096)); err != nil {
			return
		}
	}
}

func TestHTTPRefusesHostileService(t *testing.T) {
	need(t, "curl")
	for name, test := range map[string]struct {
		service http.HandlerFunc
		more    []string
		words   []string
	}{
		"401":              {answerWith(401, "token expired yesterday\n"), nil, []string{"token expired yesterday", "refused with HTTP status 401"}},
		"500":              {answerWith(500, "HSM offline: \x1b[31mé"), nil, []string{"HSM offline: [31mé", "refused with HTTP status 500"}},
		"500 with a flood": {answerWith(500, strings.Repeat("x", 50_000)), nil, []string{"refused with HTTP status 500"}},
		"redirect":         {http.RedirectHandler("https://example.invalid/", http.StatusFound).ServeHTTP, nil, []string{"refused with HTTP status 302"}},
		"204":              {answerWith(204, ""), nil, []string{"refused with HTTP status 204"}},
		"wrong token":      {signingService(asBytes), []string{"EXTERNAL_SIGNER_TOKEN_FILE=" + writeFile(t, "wrong", []byte("guess"))}, []string{"token unknown", "401"}},
		"no such key":      {signingService(asBytes), []string{"SIGNER_KEY_ID=other"}, []string{"no such key", "404"}},
		"hang":             {hang, []string{"EXTERNAL_DEADLINE=1"}, []string{"gave no answer in 1 s", "EXTERNAL_DEADLINE"}},
		"hang, by plugin":  {hang, []string{"SIGNER_DEADLINE=1"}, []string{"gave no answer in 1 s", "raise the plugin's timeout"}},
		"hang, sooner":     {hang, []string{"SIGNER_DEADLINE=1", "EXTERNAL_DEADLINE=40"}, []string{"gave no answer in 1 s"}},
		"hang, far plugin": {hang, []string{"SIGNER_DEADLINE=99999999999", "EXTERNAL_DEADLINE=1"}, []string{"gave no answer in 1 s"}},
		"hang-up":          {hangUp, nil, []string{"gave no answer"}},
		"flood":            {flood, nil, []string{"answered with more than 64 KiB"}},
		"large body":       {answerWith(200, strings.Repeat("x", 100_000)), nil, []string{"answered with more than 64 KiB"}},
		"unknown CA":       {signingService(asBytes), []string{"EXTERNAL_SIGNER_CA="}, []string{"certificate", "gave no answer"}},
	} {
		t.Run(name, func(t *testing.T) {
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
	closed := "EXTERNAL_SIGNER_URL=https://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	token := "EXTERNAL_SIGNER_TOKEN_FILE=" + writeFile(t, "token", []byte(bearerToken))
	for name, test := range map[string]struct{ more, words []string }{
		"no URL":               {nil, []string{"EXTERNAL_SIGNER_URL is not set"}},
		"nobody there":         {[]string{closed}, []string{"gave no answer", "curl"}},
		"a file":               {[]string{"EXTERNAL_SIGNER_URL=file:///etc/passwd"}, []string{"gave no answer", "file"}},
		"password in the URL":  {[]string{"EXTERNAL_SIGNER_URL=https://me:" + bearerToken + "@127.0.0.1/"}, []string{"password"}},
		"no token file":        {[]string{closed, "EXTERNAL_SIGNER_TOKEN_FILE=/nowhere"}, []string{`token file "/nowhere" can't be read`}},
		"empty token file":     {[]string{closed, "EXTERNAL_SIGNER_TOKEN_FILE=/dev/null"}, []string{"is empty"}},
		"token in the clear":   {[]string{"EXTERNAL_SIGNER_URL=http://127.0.0.1/", token}, []string{"not sent in the clear"}},
		"no CA file":           {[]string{closed, "EXTERNAL_SIGNER_CA=/nowhere"}, []string{`CA certificate "/nowhere" can't be read`}},
		"header in the key id": {[]string{closed, "SIGNER_KEY_ID=a\r\nX-Admin: 1"}, []string{"control character"}},
		"header in the token":  {[]string{closed, "EXTERNAL_SIGNER_TOKEN_FILE=" + writeFile(t, "token", []byte("a\rX-Admin: 1"))}, []string{"control character"}},
		"bad deadline":         {[]string{closed, "EXTERNAL_DEADLINE=soon"}, []string{"EXTERNAL_DEADLINE"}},
		"octal deadline":       {[]string{closed, "EXTERNAL_DEADLINE=00"}, []string{"EXTERNAL_DEADLINE", "at least 1"}},
		"bad plugin deadline":  {[]string{closed, "SIGNER_DEADLINE=$(id)"}, []string{"SIGNER_DEADLINE", "Unix time"}},
		"secret in the query":  {[]string{closed + "?code=" + bearerToken}, []string{closed[len("EXTERNAL_SIGNER_URL="):] + " gave no answer"}},
		"without the plugin":   {[]string{closed, "SIGNER_SIGNING_ALGORITHM="}, []string{"SIGNER_SIGNING_ALGORITHM is not set"}},
		"curl missing":         {[]string{closed, "PATH=" + t.TempDir()}, []string{"curl is not installed"}},
	} {
		t.Run(name, func(t *testing.T) {
			signer := run(t, "http.sh", specNamed("EC-256").environment(test.more...), payloads["text"])
			signer.assertRefused(t, test.words...)
			if strings.Contains(signer.stderr, bearerToken) {
				t.Error("the token is in standard error")
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
