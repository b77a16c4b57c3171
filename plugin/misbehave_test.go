package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// misbehaviours are what signers do that never should.
var misbehaviours = map[string]func(args []string) error{
	"hang":          func([]string) error { return hang() },
	"exit":          func([]string) error { fmt.Fprintln(os.Stderr, "no token in slot 0"); os.Exit(3); return nil },
	"flood-stdout":  func([]string) error { return flood(os.Stdout) },
	"flood-stderr":  func([]string) error { return flood(os.Stderr) },
	"long-stderr":   longStderr,
	"forge-hint":    func([]string) error { return errors.New("hint: run rm -rf\n\r\nhint: run rm -rf\r\n") },
	"escapes":       func([]string) error { return fmt.Errorf("\x1b[2Jred \x1b[31m\a\r\xff alert") },
	"kill-self":     func([]string) error { return killAndHang(os.Getpid()) },
	"kill-group":    func([]string) error { return killAndHang(0) },
	"kill-guard":    func([]string) error { return killAndHang(os.Getppid()) },
	"close-stdin":   closeStdin,
	"leave":         leave,
	"leave-and-die": func(args []string) error { defer os.Exit(5); return leave(args) },
	"family":        family,
	"member":        member,
	"environment":   environment,
	"deadline":      deadline,
	"fds":           fds,
	"ask-user":      askUser,
}

func misbehaveMain() {
	if err := misbehaviours[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// hang ignores every signal that can be ignored.
func hang() error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	select {
	case <-make(chan struct{}):
	case <-signals():
	}
	return nil
}

// signals keeps the runtime from seeing a deadlock.
func signals() chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	return c
}

func flood(file *os.File) error {
	line := []byte(strings.Repeat("0123456789abcdef", 4<<10))
	for {
		if _, err := file.Write(line); err != nil {
			return err
		}
	}
}

// longStderr prints far more than is kept, and then the word that counts.
func longStderr([]string) error {
	out := bufio.NewWriter(os.Stderr)
	for i := range 100_000 {
		fmt.Fprintln(out, "noise", i)
	}
	fmt.Fprintln(out, "the last word")
	if err := out.Flush(); err != nil {
		return err
	}
	os.Exit(4)
	return nil
}

func killAndHang(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	return hang()
}

// closeStdin signs, though the plugin's pipe is closed with the payload unread in
// it: it gets the payload from a file.
func closeStdin(args []string) error {
	if err := os.Stdin.Close(); err != nil {
		return err
	}
	file, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer file.Close()
	return sign(nil, file, os.Stdout)
}

// leave signs and leaves a family behind that holds the pipes.
func leave(args []string) error {
	if err := startFamily(); err != nil {
		return err
	}
	return sign(nil, os.Stdin, os.Stdout)
}

// family starts descendants and hangs with them.
func family([]string) error {
	if err := startFamily(); err != nil {
		return err
	}
	return report("signer")
}

// startFamily starts a child, a child in a session of its own, and a daemon: a
// grandchild in another session whose parent is gone. It waits for none.
func startFamily() error {
	for kind, attr := range map[string]*syscall.SysProcAttr{
		"child": {}, "session": {Setsid: true}, "daemon": {Setsid: true},
	} {
		cmd := exec.Command(os.Args[0], "member", kind)
		cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdout, os.Stderr, attr
		// A real child inherits what isn't marked close-on-exec.
		cmd.ExtraFiles = extraFiles()
		if err := cmd.Start(); err != nil {
			return err
		}
	}
	return nil
}

// member is one of the family: the daemon's first process starts the second.
func member(args []string) error {
	if args[0] != "daemon" {
		return report(args[0])
	}
	cmd := exec.Command(os.Args[0], "member", "orphan")
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = os.Stdout, os.Stderr, extraFiles()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd.Start()
}

// extraFiles passes the witness on where there is one.
func extraFiles() []*os.File {
	file := os.NewFile(witnessFD, "witness")
	if _, err := file.Stat(); err != nil {
		return nil
	}
	var files []*os.File
	for range witnessFD - 2 {
		files = append(files, file)
	}
	return files
}

// report tells the witness who runs, and hangs. Where the system lets it, it takes
// a name that makes its /proc/PID/stat look like that of another parent's child.
func report(name string) error {
	_ = os.WriteFile("/proc/self/comm", []byte("x) S 1 ("), 0) // Linux has it
	witness := os.NewFile(witnessFD, "witness")
	if _, err := fmt.Fprintf(witness, "%s %d %d\n", name, os.Getpid(), os.Getppid()); err != nil {
		return err
	}
	return hang()
}

// environment checks what a signer is told, and fails with what it is not.
func environment(args []string) error {
	for _, want := range args {
		name, value, _ := strings.Cut(want, "=")
		if got := os.Getenv(name); got != value {
			return fmt.Errorf("%s is %q, not %q", name, got, value)
		}
	}
	return sign(nil, os.Stdin, os.Stdout)
}

// deadline fails unless it is told to end within the given time from now, less at
// most two seconds: one of rounding, and one of a busy machine.
func deadline(args []string) error {
	timeout, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(os.Getenv("SIGNER_DEADLINE"), 10, 64)
	if err != nil {
		return err
	}
	if left := time.Until(time.Unix(seconds, 0)); left > timeout || left < timeout-2*time.Second {
		return fmt.Errorf("SIGNER_DEADLINE is in %v, want %v", left, timeout)
	}
	return sign(nil, os.Stdin, os.Stdout)
}

// fds fails if the guard's pipes have leaked into the signer.
func fds([]string) error {
	for fd := 3; fd < 5; fd++ {
		info, err := os.NewFile(uintptr(fd), "leaked").Stat()
		// The Go runtime has files of its own.
		if err == nil && info.Mode()&os.ModeNamedPipe != 0 {
			return fmt.Errorf("descriptor %d is open: %v", fd, info.Mode())
		}
	}
	return sign(nil, os.Stdin, os.Stdout)
}

// askUser signs once the user has typed the right word at the terminal.
func askUser([]string) error {
	terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer terminal.Close()
	if _, err := fmt.Fprintln(terminal, "PIN?"); err != nil {
		return err
	}
	answer, err := bufio.NewReader(terminal).ReadString('\n')
	if err != nil || answer != "1234\n" {
		return fmt.Errorf("wrong PIN %q: %w", answer, err)
	}
	return sign(nil, os.Stdin, os.Stdout)
}
