package testenv

import (
	"os"
	"testing"
)

func TestClear(t *testing.T) {
	for _, name := range append(exact, "EXTERNAL_SIGNER", "EXTERNAL_ANYTHING", "SIGNER_KEY_ID") {
		t.Setenv(name, "the user's")
	}
	t.Setenv("EXTERNALLY", "something else")
	if err := Clear(); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(exact, "EXTERNAL_SIGNER", "EXTERNAL_ANYTHING", "SIGNER_KEY_ID") {
		if value, ok := os.LookupEnv(name); ok {
			t.Errorf("%s is still %q", name, value)
		}
	}
	if os.Getenv("EXTERNALLY") == "" || os.Getenv("PATH") == "" {
		t.Error("more is gone than configures tools")
	}
}
