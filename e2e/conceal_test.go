package main

import (
	"errors"
	"strings"
	"testing"

	"container-signing/e2e/internal/secret"
)

// TestConcealedUsage keeps the exit status of what is concealed.
func TestConcealedUsage(t *testing.T) {
	t.Parallel()
	usage := usageError{errors.New("--key pin-4711")}
	err := concealed(secret.Secrets{"pin-4711"}, usage)
	if got := (usageError{}); !errors.As(err, &got) || strings.Contains(err.Error()+got.Error(), "4711") {
		t.Errorf("a usage error became %v", err)
	}
	if err := concealed(secret.Secrets{"pin-4711"}, nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}
