package scripts_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestByHandGivesUpAtItsDeadline(t *testing.T) {
	spec := specNamed("EC-256")
	whole := spec.sign(payloads["text"])
	writing := func(content []byte) func(*testing.T, *handRequest) {
		return func(t *testing.T, r *handRequest) { r.write(t, "signature", content) }
	}
	waits := map[string]func(t *testing.T){}
	for name, test := range map[string]struct {
		answer func(t *testing.T, r *handRequest)
		words  string
	}{
		"no answer":   {func(*testing.T, *handRequest) {}, "nobody answered within 3s"},
		"empty":       {writing(nil), "it is empty"},
		"half":        {writing(whole[:32]), "it holds 32 bytes, a signature by EC-256 has 64"},
		"too long":    {writing(append(whole, 0)), "it holds 65 bytes"},
		"far too big": {writing(make([]byte, 1<<20)), "more than 4096 bytes"},
		"another key": {writing(specNamed("RSA-2048").sign(payloads["text"])), "it holds 256 bytes"},
		"another name": {func(t *testing.T, r *handRequest) {
			r.write(t, "signature.part", whole)
			if err := os.Remove(filepath.Join(r.folder, "signature.part")); err != nil {
				t.Error(err)
			}
		}, "nobody answered"},
		"a pipe": {func(t *testing.T, r *handRequest) {
			if err := syscall.Mkfifo(filepath.Join(r.folder, "signature"), 0o600); err != nil {
				t.Error(err)
			}
		}, "it is not a regular file"},
	} {
		// All requests are made before the first is waited for.
		signing := t.TempDir()
		environment := spec.environment("EXTERNAL_SIGNING_FOLDER="+signing, "EXTERNAL_DEADLINE=3")
		request := ask(t, environment, payloads["text"])
		test.answer(t, request)
		waits[name] = func(t *testing.T) {
			request.end().assertRefused(t, "nobody answered within 3s", test.words)
			assertEmpty(t, signing)
			late := os.WriteFile(filepath.Join(request.folder, "signature"), whole, 0o600)
			if late == nil {
				t.Error("a late answer could be written, and nobody takes it")
			}
		}
	}
	for name, wait := range waits {
		t.Run(name, wait)
	}
}

// The deadline is the earlier of the user's and the plugin's, and people see it.
func TestByHandShowsItsDeadline(t *testing.T) {
	in := func(seconds int) string { return strconv.FormatInt(time.Now().Unix()+int64(seconds), 10) }
	for name, test := range map[string]struct {
		user, plugin string
		want         time.Duration
	}{
		"nobody's":             {"", "", 15 * time.Minute},
		"the user's":           {"100", "", 100 * time.Second},
		"the plugin's":         {"", in(200), 199 * time.Second},
		"the user's, earlier":  {"100", in(200), 100 * time.Second},
		"the plugin's, sooner": {"300", in(200), 199 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			spec, started := specNamed("EC-256"), time.Now()
			request := ask(t, spec.environment("EXTERNAL_SIGNING_FOLDER="+t.TempDir(),
				"EXTERNAL_DEADLINE="+test.user, "SIGNER_DEADLINE="+test.plugin), payloads["text"])
			_, until, _ := strings.Cut(string(request.read(t, "request.txt")), "Until:      ")
			until, _, _ = strings.Cut(until, "\n")
			got, err := time.Parse(time.RFC1123Z, until)
			early, late := started.Add(test.want-2*time.Second), time.Now().Add(test.want)
			if err != nil || got.Before(early) || got.After(late) {
				t.Errorf("until %q, want %v to %v; %v", until, early, late, err)
			}
			request.write(t, "signature", spec.sign(payloads["text"]))
			if signer := request.end(); signer.err != nil {
				t.Errorf("%v: %s", signer.err, signer.stderr)
			}
		})
	}
}
