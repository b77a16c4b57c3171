package scripts_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// heedHangup makes what the test starts heed SIGHUP even if the test itself was
// started with nohup: a process inherits which signals are ignored.
func heedHangup(t *testing.T) {
	t.Helper()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
}
