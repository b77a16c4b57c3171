// Package doctor tells an operator on a node whether containerd asks the image
// verifier: it reads containerd's configuration and what the verifier trusts, and
// it pulls an image that must be refused.
package doctor

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"container-signing/internal/hint"
	"container-signing/plugin/image-verifier/internal/cri"
)

// Run looks at everything, shows what it finds, and returns the exit status.
func Run(args []string, out io.Writer, v Verifier) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, help)
		return exitOn
	}
	if err != nil {
		return fail(out, hint.Add(err, "--help lists what it takes"))
	}
	if os.Geteuid() != 0 {
		return fail(out, advise("containerd and its configuration are root's", "run the doctor as root"))
	}
	client := cri.Open(o.address)
	defer client.Close()
	ctx, cancel := within(o.timeout)
	defer cancel()
	version, err := runtimeVersion(ctx, client, o.address)
	if err != nil {
		return fail(out, err)
	}
	f := &findings{out: out, own: filepath.Base(os.Args[0])}
	f.well("containerd %s answers at %q", version, o.address)
	f.examine(ctx, o.address, v)
	f.pull(client, o)
	return f.conclude()
}
