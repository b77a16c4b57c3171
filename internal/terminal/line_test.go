package terminal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestLineInALog shows what whoever reads a log sees, minute by minute.
func TestLineInALog(t *testing.T) {
	for inLogs, want := range map[bool]string{
		true:  "begins\nafter 0s\nhalfway\nafter 30s\nafter 1m0s\nends\n",
		false: "begins\nhalfway\nends\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			line, started := NewLine(&out, inLogs), time.Now()
			line.Printf("begins\n")
			line.Start(func() string { return fmt.Sprint("after ", time.Since(started)) })
			line.Renew()
			time.Sleep(29 * time.Second)
			line.Printf("%s\n", "halfway")
			time.Sleep(32 * time.Second)
			line.Stop()
			time.Sleep(time.Hour)
			line.Renew()
			line.Printf("ends\n")
			if out.String() != want {
				t.Errorf("it shows %q, not %q", &out, want)
			}
		})
	}
}

// TestLineWithNothingToSay prints no empty lines.
func TestLineWithNothingToSay(t *testing.T) {
	var out bytes.Buffer
	line := NewLine(&out, true)
	line.Start(func() string { return "" })
	line.Renew()
	line.Stop()
	if out.Len() > 0 {
		t.Errorf("it shows %q", &out)
	}
}

// TestLineInAFile has an output that is a file, but no terminal.
func TestLineInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	line := NewLine(file, false)
	line.Start(func() string { return "on a terminal only" })
	line.Renew()
	line.Printf("printed\n")
	line.Stop()
	if content, err := os.ReadFile(path); err != nil || string(content) != "printed\n" {
		t.Errorf("it shows %q (%v)", content, err)
	}
}

// TestLineStartsAgain is used for one thing after the other, as by a build of
// several tools.
func TestLineStartsAgain(t *testing.T) {
	var out bytes.Buffer
	line := NewLine(&out, true)
	for _, name := range []string{"first", "second"} {
		line.Start(func() string { return name })
		line.Renew()
		line.Stop()
	}
	if out.String() != "first\nsecond\n" {
		t.Errorf("it shows %q", &out)
	}
}
