package tools

import (
	"errors"
	"io"
	"testing"

	"golang.org/x/sys/unix"
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
	checkError(t, err, "building own", "no space left on device", "\nhint: all tools need")
	if names := left(t, openedCache(t)); len(names) > 0 {
		t.Errorf("a build without space leaves %v in the cache", names)
	}
}
