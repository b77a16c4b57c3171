package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"container-signing/internal/pki/pkitest"
	"container-signing/internal/testenv"
	"container-signing/tools"
)

var builtTools = sync.OnceValues(func() (tools.Programs, error) {
	return tools.Build(context.Background(), os.Stderr, "notation", "oras", "registry")
})

// buildTools returns the real notation, oras and registry. It skips the test in
// short mode, for which nothing has been built.
func buildTools(t testing.TB) tools.Programs {
	t.Helper()
	if testing.Short() {
		t.Skip("needs notation, oras and a registry")
	}
	programs, err := builtTools()
	if err != nil {
		t.Fatal(err)
	}
	return programs
}

func TestMain(m *testing.M) {
	testscript.Main(suite{m}, map[string]func(){"signer": signerMain, "misbehave": misbehaveMain, "ask": askMain})
}

// suite builds the plugin before it runs the tests.
type suite struct{ *testing.M }

func (s suite) Run() int {
	status, err := s.run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

func (s suite) run() (status int, err error) {
	if err := testenv.Clear(); err != nil {
		return 0, err
	}
	folder, err := os.MkdirTemp("", "plugin-test")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	build := exec.Command("go", "build", "-o", filepath.Join(folder, "notation-external-signer"), ".")
	if output, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building the plugin: %w\n%s", err, output)
	}
	if err := os.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return 0, err
	}
	return s.M.Run(), nil
}

// TestScript runs the plugin's binary with signers that do everything but what
// they should. The scripts' ask command checks each answer against the contract.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXTERNAL_SIGNER", "")
			env.Setenv("EXTERNAL_CERT_CHAIN", "chain.pem")
			huge := `{"contractVersion": "` + strings.Repeat("1", 9<<20)
			return errors.Join(
				os.WriteFile(filepath.Join(env.WorkDir, "payload"), payload, 0o600),
				os.WriteFile(filepath.Join(env.WorkDir, "huge"), []byte(huge), 0o600),
			)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// key SPEC writes leaf.key, chain.pem and root.pem.
			"key": func(ts *testscript.TestScript, _ bool, args []string) {
				pkitest.WriteFiles(t, ts.MkAbs("."), args[0])
			},
		},
	})
}
