package main

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lineage are the processes of one signature.
type lineage map[string]int

// started waits until the whole family reports, and finds its ancestors.
func started(t *testing.T, w *witness, notation int) lineage {
	t.Helper()
	processes := lineage{"notation": notation, "notation's group": -notation}
	for len(processes) < 2+4 {
		line, err := w.line(20 * time.Second)
		if err != nil {
			t.Fatalf("after %v: %v", processes, err)
		}
		var name string
		var pid, parent int
		if _, err := fmt.Sscan(line, &name, &pid, &parent); err != nil {
			t.Fatalf("reading report %q: %v", line, err)
		}
		processes[name] = pid
	}
	processes["guard"] = parentOf(t, processes["signer"])
	processes["plugin"] = parentOf(t, processes["guard"])
	if parentOf(t, processes["plugin"]) != notation {
		t.Fatalf("the plugin isn't notation's child: %v", processes)
	}
	return processes
}

func parentOf(t *testing.T, pid int) int {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	var state string
	var parent int
	if _, err := fmt.Sscan(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), &state, &parent); err != nil {
		t.Fatal(err)
	}
	return parent
}

// lastWords are what the user is told, where notation lives to tell it.
var lastWords = map[string]string{
	"plugin SIGINT":  "the plugin was ended by signal 2 (interrupt)\n  command: misbehave family",
	"plugin SIGTERM": "the plugin was ended by signal 15 (terminated)\n  command: misbehave family",
	"plugin SIGHUP":  "the plugin was ended by signal 1 (hangup)\n  command: misbehave family",
	"guard SIGTERM":  "the plugin's guard process was killed",
	"guard SIGKILL":  "the plugin's guard process was killed",
	"signer SIGKILL": "the signer was ended by signal 9 (killed)\n  command: misbehave family",
}

// TestNothingStaysBehind ends each of the processes of a signature in each way,
// while the signer hangs with a child, a child in a session of its own and a
// daemon whose parent is gone, all deaf to every signal that can be ignored. The
// witness, a pipe that all inherit, says that every one of them is gone.
func TestNothingStaysBehind(t *testing.T) {
	heedHangup(t)
	signals := map[string]syscall.Signal{
		"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM, "SIGKILL": syscall.SIGKILL, "SIGHUP": syscall.SIGHUP,
	}
	shared := newWorld(t, "EC-256")
	shared.push(t, startRegistry(t), "orphans")
	for _, victim := range []string{"notation", "notation's group", "plugin", "guard", "signer"} {
		for name, signal := range signals {
			if victim == "signer" && signal != syscall.SIGKILL {
				continue // it is deaf
			}
			t.Run(victim+" "+name, func(t *testing.T) {
				cmd := shared.signBy("misbehave family", "1m")
				cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				var output bytes.Buffer
				cmd.Stderr = &output
				witness, err := newWitness(cmd)
				if err != nil {
					t.Fatal(err)
				}
				if err := witness.start(); err != nil {
					t.Fatal(err)
				}
				processes := started(t, witness, cmd.Process.Pid)
				if err := syscall.Kill(processes[victim], signal); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Wait(); err == nil {
					t.Error("notation has reported success")
				}
				if want := lastWords[victim+" "+name]; !strings.Contains(output.String(), want) {
					t.Errorf("notation says %q, not %q", output.String(), want)
				}
				if err := witness.gone(goneWithin); err != nil {
					t.Errorf("%v: %v", processes, err)
				}
			})
		}
	}
}

// heedHangup makes what the test starts heed SIGHUP even if the test itself was
// started with nohup: a process inherits which signals are ignored.
func heedHangup(t *testing.T) {
	t.Helper()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
}
