package scripts_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A person can paste the command of the request.
func TestByHandIsAnsweredByItsOwnCommand(t *testing.T) {
	need(t, "openssl")
	for _, spec := range keySpecs {
		for kind, payload := range payloads {
			t.Run(spec.Name+"/"+kind, func(t *testing.T) {
				signing := filepath.Join(t.TempDir(), "what's to sign")
				if err := os.Mkdir(signing, 0o700); err != nil {
					t.Fatal(err)
				}
				request := ask(t, spec.environment("EXTERNAL_SIGNING_FOLDER="+signing), payload)
				_, command, _ := strings.Cut(string(request.read(t, "request.txt")), "\n  openssl ")
				command, _, _ = strings.Cut("openssl "+command, "\n")
				command = strings.Replace(command, "PRIVATE-KEY.pem", keyFile(t, spec), 1)
				if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v: %s", command, err, out)
				}
				signer := request.end()
				if signer.err != nil {
					t.Fatalf("%v: %s", signer.err, signer.stderr)
				}
				spec.verify(t, payload, signer.stdout, false)
				if !bytes.Equal(request.read(t, "payload"), payload) {
					t.Error("the record has another payload")
				}
			})
		}
	}
}

func TestByHandSaysWhatIsWanted(t *testing.T) {
	spec := specNamed("RSA-4096")
	digest := "sha256:" + strings.Repeat("ab", 32)
	content := base64.RawURLEncoding.EncodeToString([]byte(`{"targetArtifact":{"digest":"` + digest + `"}}`))
	payload := []byte("eyJhbGciOiJQUzUxMiJ9." + content)
	request := ask(t, spec.environment("SIGNER_KEY_ID=rel\x1b[1mease", "EXTERNAL_SIGNING_FOLDER="+t.TempDir()), payload)
	text := string(request.read(t, "request.txt"))
	for _, want := range []string{
		digest, `"rel\x1b[1mease", RSA-4096`, "RSASSA-PSS-SHA-512", "salt of 64 bytes",
		hex.EncodeToString(spec.Digest(payload)), filepath.Join(request.folder, "payload"),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the request:\n%s", want, text)
		}
	}
	request.write(t, "signature", spec.sign(payload))
	if signer := request.end(); signer.err != nil {
		t.Errorf("%v: %s", signer.err, signer.stderr)
	}
}

// All the ways in which a person or a program may put the answer there.
func TestByHandTakesTheAnswerHoweverItArrives(t *testing.T) {
	for name, script := range map[string]string{
		"cp":        `cp "$ANSWER" "$FOLDER/signature"`,
		"mv":        `cp "$ANSWER" "$FOLDER/signature.part"; mv "$FOLDER/signature.part" "$FOLDER/signature"`,
		"mv over":   `: >"$FOLDER/signature"; cp "$ANSWER" "$FOLDER/new"; mv "$FOLDER/new" "$FOLDER/signature"`,
		"ln":        `ln "$ANSWER" "$FOLDER/signature"`,
		"in pieces": `head -c 99 "$ANSWER" >"$FOLDER/signature"; tail -c +100 "$ANSWER" >>"$FOLDER/signature"`,
		"base64":    `base64 "$ANSWER" >"$FOLDER/signature"`,
		"corrected": `echo sorry >"$FOLDER/signature"; cat "$ANSWER" >"$FOLDER/signature"`,
		"unreadable": `cp "$ANSWER" "$FOLDER/n"; chmod 0 "$FOLDER/n"
			mv "$FOLDER/n" "$FOLDER/signature"; chmod 600 "$FOLDER/signature"`,
		"with others": `echo hi >"$FOLDER/comment"; cp "$ANSWER" "$FOLDER/signature"`,
	} {
		t.Run(name, func(t *testing.T) {
			spec, payload := specNamed("RSA-2048"), payloads["binary"]
			request := ask(t, spec.environment("EXTERNAL_SIGNING_FOLDER="+t.TempDir()), payload)
			answer := exec.Command("sh", "-euc", script)
			signature := writeFile(t, "answer", spec.sign(payload))
			answer.Env = append(os.Environ(), "FOLDER="+request.folder, "ANSWER="+signature)
			if out, err := answer.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			signer := request.end()
			if signer.err != nil {
				t.Fatalf("%v: %s", signer.err, signer.stderr)
			}
			spec.verify(t, payload, signer.stdout, false)
		})
	}
}

func TestByHandEndsBeforeItsDeadline(t *testing.T) {
	heedHangup(t)
	spec := specNamed("EC-256")
	for name, test := range map[string]struct {
		end   func(r *handRequest) error
		words string
	}{
		"SIGTERM":  {func(r *handRequest) error { return r.command.Process.Signal(syscall.SIGTERM) }, "terminated"},
		"SIGINT":   {func(r *handRequest) error { return r.command.Process.Signal(syscall.SIGINT) }, "interrupt"},
		"SIGHUP":   {func(r *handRequest) error { return r.command.Process.Signal(syscall.SIGHUP) }, "hangup"},
		"declined": {func(r *handRequest) error { return os.RemoveAll(r.folder) }, "declined"},
	} {
		t.Run(name, func(t *testing.T) {
			signing := t.TempDir()
			request := ask(t, spec.environment("EXTERNAL_SIGNING_FOLDER="+signing), payloads["text"])
			if err := test.end(request); err != nil {
				t.Fatal(err)
			}
			request.end().assertRefused(t, test.words)
			assertEmpty(t, signing)
		})
	}
}

// With nohup it outlives the terminal.
func TestByHandHeedsNohup(t *testing.T) {
	spec := specNamed("EC-256")
	request := ask(t, spec.environment("EXTERNAL_SIGNING_FOLDER="+t.TempDir()), payloads["text"], "nohup")
	if err := request.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	request.write(t, "signature", spec.sign(payloads["text"]))
	if signer := request.end(); signer.err != nil {
		t.Errorf("%v: %s", signer.err, signer.stderr)
	}
}

// Started at a terminal without a payload, it can be ended there.
func TestByHandEndsWhileItReadsThePayload(t *testing.T) {
	command := exec.CommandContext(t.Context(), byHandProgram(t))
	command.Env = specNamed("EC-256").environment("EXTERNAL_SIGNING_FOLDER=" + t.TempDir())
	payload, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: when all is written, by-hand is reading.
	if _, err := payload.Write(make([]byte, 128<<10)); err != nil {
		t.Fatal(err)
	}
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil || err.Error() != "signal: interrupt" {
		t.Errorf("got %v, want its end by SIGINT", err)
	}
}

// What somebody else put into the folder isn't ours to remove.
func TestByHandLeavesOthersFiles(t *testing.T) {
	signing := t.TempDir()
	request := ask(t, specNamed("EC-256").environment("EXTERNAL_SIGNING_FOLDER="+signing), payloads["text"])
	request.write(t, "comment", []byte("who ordered this?"))
	if err := request.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	request.end().assertRefused(t, "terminated", request.folder)
	if got := string(request.read(t, "comment")); got != "who ordered this?" {
		t.Errorf("comment is %q", got)
	}
	if _, err := os.Stat(filepath.Join(request.folder, "payload")); err == nil {
		t.Error("the payload is still there, to be signed for nobody")
	}
}

func TestByHandRefuses(t *testing.T) {
	signing := "EXTERNAL_SIGNING_FOLDER=" + t.TempDir()
	const mailboxFull, unknown = "EXTERNAL_NOTIFY=echo mailbox full; exit 3", "EXTERNAL_NOTIFY=tell-nobody"
	for name, test := range map[string]struct {
		more    []string
		payload string
		words   []string
	}{
		"no folder named":    {nil, "x", []string{"EXTERNAL_SIGNING_FOLDER is not set"}},
		"no such folder":     {[]string{"EXTERNAL_SIGNING_FOLDER=/nowhere"}, "x", []string{"/nowhere", "no such file"}},
		"a file":             {[]string{"EXTERNAL_SIGNING_FOLDER=http.sh"}, "x", []string{`"http.sh"`, "not a folder"}},
		"not writable":       {[]string{"EXTERNAL_SIGNING_FOLDER=/proc"}, "x", []string{"making a folder", "/proc"}},
		"bad deadline":       {[]string{signing, "EXTERNAL_DEADLINE=soon"}, "x", []string{`"soon"`, "seconds"}},
		"zero deadline":      {[]string{signing, "EXTERNAL_DEADLINE=0"}, "x", []string{"at least 1"}},
		"no plugin's":        {[]string{signing, "SIGNER_DEADLINE=noon"}, "x", []string{`"noon"`, "Unix time"}},
		"past deadline":      {[]string{signing, "SIGNER_DEADLINE=1"}, "x", []string{"leaves no time", "timeout"}},
		"unknown key spec":   {[]string{signing, "SIGNER_KEY_SPEC=EC-224"}, "x", []string{`"EC-224"`, "EC-256"}},
		"without the plugin": {[]string{signing, "SIGNER_KEY_SPEC="}, "x", []string{"SIGNER_KEY_SPEC is not set"}},
		"empty payload":      {[]string{signing}, "", []string{"payload", "empty"}},
		"huge payload":       {[]string{signing}, strings.Repeat("x", 1<<20+1), []string{"more than 1048576 bytes"}},
		"nobody told":        {[]string{signing, mailboxFull}, "x", []string{"mailbox full", "exit status 3"}},
		"no such command":    {[]string{signing, unknown}, "x", []string{"tell-nobody", "not found"}},
	} {
		t.Run(name, func(t *testing.T) {
			signer := run(t, byHandProgram(t), specNamed("EC-256").environment(test.more...), []byte(test.payload))
			signer.assertRefused(t, test.words...)
		})
	}
	assertEmpty(t, strings.TrimPrefix(signing, "EXTERNAL_SIGNING_FOLDER="))
}

// A command that goes on telling doesn't hold up an answer, nor outlive it.
func TestByHandEndsACommandThatGoesOn(t *testing.T) {
	spec, payload := specNamed("EC-256"), payloads["text"]
	signature := writeFile(t, "answer", spec.sign(payload))
	notify := `EXTERNAL_NOTIFY=cp '` + signature + `' "$1/signature"; exec sleep 600`
	started := time.Now()
	signer := run(t, byHandProgram(t), spec.environment("EXTERNAL_SIGNING_FOLDER="+t.TempDir(), notify), payload)
	if signer.err != nil {
		t.Fatalf("%v: %s", signer.err, signer.stderr)
	}
	spec.verify(t, payload, signer.stdout, false)
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}
