package tools

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// provide builds those modules that the cache lacks, and shows on show how far
// it is.
func (c cache) provide(ctx context.Context, source string, missing []module, show *progress) error {
	for _, m := range missing {
		if err := c.build(ctx, source, m, show); err != nil {
			return err
		}
	}
	return nil
}

// build makes m in a folder beside its final one and renames it when all of
// it is there.
func (c cache) build(ctx context.Context, source string, m module, show *progress) error {
	show.start(m.name)
	defer show.stop()
	show.doing("go: waiting for another process that builds it")
	return c.locked(m, func() error {
		show.doing("go: looking at what is compiled already, linking the rest")
		if present, err := c.has(source, m); err != nil || present {
			return err // another process has built it in the meantime
		}
		final, err := c.folder(source, m)
		if err != nil {
			return err
		}
		dir, err := os.MkdirTemp(string(c), unfinished(m))
		if err != nil {
			return fmt.Errorf("making a folder to build %s in: %w", m.name, err)
		}
		err = makeModule(ctx, m.source(source), dir, m, show)
		if err == nil {
			err = publish(dir, final)
		}
		if err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
		show.built()
		return nil
	})
}

// makeModule makes all of m in dir: its programs, and what else it provides.
func makeModule(ctx context.Context, source, dir string, m module, show *progress) error {
	run := goCommand{dir: source, module: m, show: show, temporary: filepath.Join(dir, "go-build")}
	if err := os.Mkdir(run.temporary, 0o700); err != nil {
		return fmt.Errorf("building %s: %w", m.name, err)
	}
	version, err := pinnedVersion(ctx, run)
	if err != nil {
		return err
	}
	platforms := m.platforms
	if len(platforms) == 0 {
		platforms = []string{""}
	}
	for _, platform := range platforms {
		if err := compile(ctx, run, filepath.Join(dir, platform), platform, version); err != nil {
			return err
		}
	}
	if len(m.assets) > 0 {
		upstream, err := upstreamFolder(ctx, run)
		if err != nil {
			return err
		}
		if err := keepAssets(m, upstream, dir); err != nil {
			return err
		}
	}
	if m.finish != nil {
		if err := m.finish(dir, m.platforms); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(run.temporary); err != nil {
		return fmt.Errorf("building %s: %w", m.name, err)
	}
	return missingFrom(m, dir)
}

// missingFrom tells which programs a finished build did not produce.
func missingFrom(m module, dir string) error {
	var missing []string
	for _, name := range m.provides() {
		if present, err := usable(filepath.Join(dir, name)); err != nil || !present {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("building %s: the build made no %s", m.name, strings.Join(missing, ", "))
	}
	return nil
}
