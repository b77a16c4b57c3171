package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/notaryproject/notation-plugin-framework-go/plugin"

	"container-signing/internal/keyspec"
)

// goneWithin bounds the wait for processes to be gone after the plugin is.
const goneWithin = 10 * time.Second

// maxMemory is what the plugin may take, in KiB, however much a signer prints.
const maxMemory = 100 << 10

// payload has what destroys it in a shell variable: a NUL, newlines at its end,
// and bytes that aren't text.
var payload = []byte("\x84\x00payload\xff\n\n")

// askMain asks the plugin as notation does: ask COMMAND KEY=VALUE…, with the
// words as plugin configuration. It prints the response, or the error as
// CODE: MESSAGE on stderr, and ends with status 0 or 1 accordingly. Status 3 is
// a plugin that has broken the contract or left a process behind.
func askMain() {
	status, err := ask(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "the plugin has broken its contract:", err)
		os.Exit(3)
	}
	os.Exit(status)
}

func ask(command string, words []string) (status int, err error) {
	pluginConfig := map[string]string{}
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		pluginConfig[key] = value
	}
	request := map[string]any{"contractVersion": "1.0", "keyId": "some key", "pluginConfig": pluginConfig}
	if command == string(plugin.CommandGenerateSignature) {
		spec := leafSpec()
		request["keySpec"], request["hashAlgorithm"], request["payload"] = spec.Name, spec.Hash.String(), payload
	}
	text, err := json.Marshal(request)
	if err != nil {
		return 0, err
	}
	return askRaw(command, text)
}

// askRaw sends any bytes as the request.
func askRaw(command string, request []byte) (status int, err error) {
	cmd := exec.Command("notation-external-signer", command)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request), &stdout, &stderr
	witness, err := newWitness(cmd)
	if err != nil {
		return 0, err
	}
	if err := witness.start(); err != nil {
		return 0, err
	}
	waitErr := cmd.Wait()
	if err := witness.gone(goneWithin); err != nil {
		return 0, err
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if ok && runtime.GOOS == "linux" && usage.Maxrss > maxMemory {
		return 0, fmt.Errorf("took %d KiB of memory", usage.Maxrss)
	}
	if waitErr == nil {
		fmt.Println(stdout.String())
		return 0, oneObject(&stdout, new(map[string]any))
	}
	if stdout.Len() > 0 {
		return 0, fmt.Errorf("printed %q beside an error", stdout.String())
	}
	return 1, showError(&stderr, waitErr)
}

func showError(stderr io.Reader, waitErr error) error {
	if exit := (*exec.ExitError)(nil); !errors.As(waitErr, &exit) || exit.ExitCode() != 1 {
		return waitErr
	}
	var failure plugin.Error
	if err := oneObject(stderr, &failure); err != nil {
		return err
	}
	codes := []plugin.ErrorCode{
		plugin.ErrorCodeValidation, plugin.ErrorCodeUnsupportedContractVersion,
		plugin.ErrorCodeAccessDenied, plugin.ErrorCodeTimeout, plugin.ErrorCodeGeneric,
	}
	if !slices.Contains(codes, failure.ErrCode) || failure.Message == "" {
		return fmt.Errorf("unknown error code %q or no message", failure.ErrCode)
	}
	fmt.Fprintf(os.Stderr, "%s: %s\n", failure.ErrCode, failure.Message)
	return checkLines(failure.Message)
}

// checkLines checks that a message is the cause in one line, then lines that are
// indented, then hints.
func checkLines(message string) error {
	advising := false
	for _, line := range strings.Split(message, "\n")[1:] {
		isHint := strings.HasPrefix(line, "hint: ")
		if !isHint && (advising || !strings.HasPrefix(line, "  ")) {
			return fmt.Errorf("line %q of the message is neither indented nor a hint: %q", line, message)
		}
		advising = advising || isHint
	}
	return nil
}

// oneObject checks that there is exactly one JSON value, and nothing after it.
func oneObject(r io.Reader, value any) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("%q isn't one JSON object: %w", text, err)
	}
	return nil
}

// leafSpec is of the leaf in chain.pem, which comes first there. Where there is
// none, the plugin doesn't get as far as comparing.
func leafSpec() keyspec.Spec {
	someSpec := keyspec.All()[0]
	text, err := os.ReadFile("chain.pem")
	if err != nil {
		return someSpec
	}
	block, _ := pem.Decode(text)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return someSpec
	}
	spec, err := keyspec.Of(leaf.PublicKey)
	if err != nil {
		return someSpec
	}
	return spec
}
