package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"container-signing/internal/hint"
	"container-signing/plugin/image-verifier/internal/containerd"
	"container-signing/plugin/image-verifier/internal/cri"
)

// runtimeVersion returns the version of the containerd at a socket.
func runtimeVersion(ctx context.Context, client *cri.Client, address string) (string, error) {
	name, version, err := client.Version(ctx)
	status := new(cri.StatusError)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", hint.Add(fmt.Errorf("there is no socket %q", address),
			"start containerd, or name its socket by --address; that of k3s is /run/k3s/containerd/containerd.sock")
	case errors.Is(err, syscall.ECONNREFUSED):
		return "", hint.Add(fmt.Errorf("nobody serves the socket %q", address), "start containerd")
	case errors.As(err, status) && status.Code == cri.Unimplemented:
		return "", hint.Add(fmt.Errorf("what serves %q has no Container Runtime Interface: %w", address, err),
			"take io.containerd.grpc.v1.cri out of disabled_plugins")
	case err != nil:
		return "", fmt.Errorf("asking what serves %q: %w", address, err)
	case name != "containerd":
		return "", hint.Add(fmt.Errorf("what serves %q is %q, not containerd", address, name),
			"only containerd asks this verifier")
	}
	return version, nil
}

// examine looks at the configuration, of containerd and of the verifier.
func (f *findings) examine(ctx context.Context, address string, v Verifier) {
	process, err := containerd.Behind(address)
	if err != nil {
		f.unknown(fmt.Errorf("its configuration isn't read: %w", err))
		return
	}
	switch c, err := process.Configuration(ctx); {
	case err != nil && ctx.Err() != nil:
		f.unknown(fmt.Errorf("its configuration isn't read: %w", err))
	case err != nil:
		f.fault(err)
	default:
		f.examineConfiguration(c)
		f.examineVerifiers(c, process, v)
	}
	trust := v.Trust
	if set := process.Getenv(v.TrustVariable); set != "" {
		trust = set
	}
	f.examineTrust(trust)
}

// examineConfiguration looks for settings by which no verifier is asked.
func (f *findings) examineConfiguration(c containerd.Configuration) {
	faults := c.Faults()
	for _, fault := range faults {
		from := "by containerd's default"
		if fault.File != "" {
			from = fmt.Sprintf("in %q", fault.File)
		}
		f.fault(hint.Add(fmt.Errorf("%s %s: containerd asks no image verifier with it", fault.Setting, from),
			"%s; then restart containerd", fault.Remedy))
	}
	if len(faults) > 0 {
		return
	}
	files := "containerd's defaults alone"
	if names := c.Files(); len(names) > 0 {
		files = strings.Join(names, ", ")
	}
	f.well("no setting keeps it from asking image verifiers (%s)", files)
}
