package containerd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"container-signing/internal/hint"
)

// A Configuration is what a containerd makes of its files at its next start.
type Configuration struct {
	effective map[string]any
	files     []file
}

// The plugins of a configuration of version 3.
const (
	imagesPlugin   = "io.containerd.cri.v1.images"
	verifierPlugin = "io.containerd.image-verifier.v1.bindir"
)

// Configuration asks the program of the process what it makes of its files: it
// merges them and moves settings of older versions to their places.
func (p Process) Configuration(ctx context.Context) (Configuration, error) {
	main := p.mainFile()
	// The link leads to the program itself, also after an update has replaced it.
	dump := exec.CommandContext(ctx, p.file("exe"), "--config", main, "config", "dump")
	dump.Args[0] = p.Program() // by which a program of several names knows which it is
	var stdout, stderr bytes.Buffer
	dump.Stdout, dump.Stderr, dump.WaitDelay = &stdout, &stderr, time.Second
	if err := dump.Run(); err != nil {
		const asking = "%s --config %s config dump: %w: %s"
		if ctx.Err() != nil {
			return Configuration{}, fmt.Errorf(asking, p.Program(), main, context.Cause(ctx), lastLine(stderr.String()))
		}
		err = fmt.Errorf(asking, p.Program(), main, err, lastLine(stderr.String()))
		if _, reading := mergedFiles(main); reading != nil {
			err = reading // containerd doesn't say which file it is
		}
		return Configuration{}, hint.Add(err, "mend it: with such a configuration containerd doesn't start again")
	}
	return read(stdout.Bytes(), main)
}

func read(dump []byte, main string) (c Configuration, err error) {
	if err := toml.Unmarshal(dump, &c.effective); err != nil {
		return c, fmt.Errorf("reading what containerd makes of %q: %w", main, err)
	}
	if _, known := value(c.effective, "version").(int64); !known {
		return c, fmt.Errorf("reading what containerd makes of %q: it has no version", main)
	}
	c.files, err = mergedFiles(main)
	return c, err
}

// Files are the names of those that are merged, in this order.
func (c Configuration) Files() (names []string) {
	for _, one := range c.files {
		names = append(names, one.name)
	}
	return names
}

// A Verifiers is how containerd calls image verifiers.
type Verifiers struct {
	Folder string
	// Most is how many it calls; a negative number has no bound.
	Most int
	// Timeout bounds each.
	Timeout time.Duration
}

// Verifiers returns how containerd calls image verifiers.
func (c Configuration) Verifiers() (v Verifiers, err error) {
	of := func(name string) any { return value(c.effective, "plugins", verifierPlugin, name) }
	folder, isText := of("bin_dir").(string)
	most, isNumber := of("max_verifiers").(int64)
	timeout, isTime := of("per_verifier_timeout").(string)
	if !isText || !isNumber || !isTime {
		return v, fmt.Errorf("%s has no bin_dir, max_verifiers or per_verifier_timeout", verifierPlugin)
	}
	v.Folder, v.Most = folder, int(most)
	v.Timeout, err = time.ParseDuration(timeout)
	return v, err
}

// value returns what is at the end of a path of keys; nil if there is nothing.
func value(document any, path ...string) any {
	for _, key := range path {
		table, ok := document.(map[string]any)
		if !ok {
			return nil
		}
		document = table[key]
	}
	return document
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// readTable reads a file of TOML. Without one there is nothing in it, as for
// containerd.
func readTable(name string) (table map[string]any, err error) {
	content, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = toml.Unmarshal(content, &table)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", name, err)
	}
	return table, nil
}
