package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime/debug"
	"testing"

	"github.com/notaryproject/notation-plugin-framework-go/plugin"

	"container-signing/plugin/internal/signer"
)

// TestSource names the Go module that the plugin is built from.
func TestSource(t *testing.T) {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("the test has no build information")
	}
	address, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	want := "golang/" + build.Main.Path
	if address.Scheme != "pkg" || address.Opaque != want || address.Fragment != "plugin" {
		t.Errorf("got %s, want pkg:%s#plugin", source, want)
	}
}

// TestErrorCodes gives each kind of failure its code, as the bare type that the
// framework looks for.
func TestErrorCodes(t *testing.T) {
	tests := map[string]struct {
		err  error
		want plugin.ErrorCode
	}{
		"configuration":  {fmt.Errorf("reading plugin config"), plugin.ErrorCodeValidation},
		"unreadable":     {fmt.Errorf("opening: %w", fs.ErrPermission), plugin.ErrorCodeAccessDenied},
		"unusable":       {&signer.Error{Kind: signer.Unusable, Cause: fs.ErrNotExist}, plugin.ErrorCodeValidation},
		"not executable": {&signer.Error{Kind: signer.Denied, Cause: fs.ErrPermission}, plugin.ErrorCodeAccessDenied},
		"timeout":        {&signer.Error{Kind: signer.Timeout, Cause: os.ErrDeadlineExceeded}, plugin.ErrorCodeTimeout},
		"interrupted":    {&signer.Error{Kind: signer.Interrupted, Cause: context.Canceled}, plugin.ErrorCodeGeneric},
		"failed":         {&signer.Error{Kind: signer.Failed, Cause: fs.ErrPermission}, plugin.ErrorCodeGeneric},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := pluginError(test.err).(*plugin.Error)
			if !ok || got.ErrCode != test.want {
				t.Errorf("got %v, want %s", pluginError(test.err), test.want)
			}
		})
	}
}

// TestPanic turns a bug into an error that notation can show.
func TestPanic(t *testing.T) {
	err := func() (err error) {
		defer recoverInto(&err)
		panic("oops")
	}()
	const want = "the plugin has a bug: oops\nhint: please report it"
	if failure, ok := err.(*plugin.Error); !ok || failure.Message != want {
		t.Errorf("got %v", err)
	}
}

// FuzzRequest reads any bytes as a request and carries it out. There is no chain
// to be found, so that no signer is ever run; every outcome is an error in JSON.
func FuzzRequest(f *testing.F) {
	f.Setenv("EXTERNAL_CERT_CHAIN", "")
	f.Add([]byte(`{"contractVersion":"1.0","keyId":"k","pluginConfig":{"signer":"'a b' c","timeout":"1s"}}`))
	f.Add([]byte(`{"contractVersion":"1.0","keyId":"k","keySpec":"EC-256","hashAlgorithm":"SHA-256","payload":"eA=="}`))
	f.Add([]byte(`{"contractVersion":"2.0","keyId":"\u0000","pluginConfig":{"certificate-chain":"."}}`))
	f.Add([]byte(`{"contractVersion":`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, input []byte) {
		request, err := readRequest(bytes.NewReader(input))
		if err != nil {
			return
		}
		var describe plugin.DescribeKeyRequest
		if json.Unmarshal(request, &describe) == nil && describe.Validate() == nil {
			_, err := ExternalSigner{}.DescribeKey(t.Context(), &describe)
			isContractError(t, err)
		}
		var generate plugin.GenerateSignatureRequest
		if json.Unmarshal(request, &generate) == nil && generate.Validate() == nil {
			_, err := ExternalSigner{}.GenerateSignature(t.Context(), &generate)
			isContractError(t, err)
		}
	})
}

func isContractError(t *testing.T, err error) {
	t.Helper()
	failure, ok := err.(*plugin.Error)
	if !ok || failure.Message == "" || !json.Valid([]byte(failure.Error())) {
		t.Errorf("got %v (%T)", err, err)
	}
}
