package tools

import (
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"container-signing/internal/hint"
)

// TestNoSpace builds where there is too little room for it.
func TestNoSpace(t *testing.T) {
	sampleProject(t)
	cache := string(openedCache(t))
	if err := unix.Mount("tmpfs", cache, "tmpfs", 0, "size=256k"); errors.Is(err, unix.EPERM) {
		t.Skip("a disk to fill needs the right to mount one: run this as root")
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(cache, 0); err != nil {
			t.Error(err)
		}
	})
	_, err := Build(t.Context(), io.Discard, "own")
	if err == nil || !strings.Contains(err.Error(), "building own") || !strings.Contains(err.Error(), "no space left on device") ||
		!strings.Contains(hint.Text(err), "\nhint: all tools need") {
		t.Errorf("it says %v", err)
	}
	if names := left(t, openedCache(t)); len(names) > 0 {
		t.Errorf("a build without space leaves %v in the cache", names)
	}
}
