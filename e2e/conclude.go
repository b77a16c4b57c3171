package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	shellquote "github.com/kballard/go-shellquote"

	"container-signing/e2e/internal/chain"
	"container-signing/e2e/internal/report"
	"container-signing/tools"
)

// conclude shows the verdicts, writes the report, and keeps everything
// running if that is wanted: until an interrupt, which is no failure then, or
// until a process ends by itself.
func (r *chainRun) conclude(ctx context.Context, verdicts []report.Verdict) error {
	result, err := r.result()
	if err != nil {
		return err
	}
	result.Images, result.Verdicts = r.reportedImages(), verdicts
	r.console.close()
	if err := result.WriteTable(os.Stdout); err != nil {
		return fmt.Errorf("showing the verdicts: %w", err)
	}
	if r.options.report != "" {
		if err := result.Write(r.options.report); err != nil {
			return err
		}
	}
	r.concluded = true
	if r.keep {
		r.printUse()
		<-ctx.Done()
		if crash := r.processes.Crash(); crash != nil {
			return crash
		}
	}
	if !result.Passed() {
		return errVerdict
	}
	return nil
}

// abort writes the report, if one is wanted, of a run that cause has ended
// early, and hands cause on.
func (r *chainRun) abort(cause error) error {
	if r.options.report == "" || r.concluded {
		return cause
	}
	result, err := r.result()
	if err != nil {
		return errors.Join(cause, err)
	}
	result.Error = cause.Error()
	return errors.Join(cause, result.Write(r.options.report))
}

// result is what is known of a run at any moment.
func (r *chainRun) result() (report.Report, error) {
	versions, err := tools.Versions()
	var firstRunning float64
	if at := r.firstRunning.Load(); at != nil {
		firstRunning = at.Sub(r.console.started).Seconds()
	}
	return report.Report{
		Name: filepath.Base(r.options.policies), Started: r.console.started,
		Seconds: time.Since(r.console.started).Seconds(), FirstRunningSeconds: firstRunning,
		Versions: versions, Steps: r.console.steps,
	}, err
}

func (r *chainRun) reportedImages() []report.Image {
	var images []report.Image
	named := r.supply.images()
	for _, name := range slices.Sorted(maps.Keys(named)) {
		image := report.Image{Name: name, Reference: named[name].Reference, Digest: named[name].Digest}
		if name == "signed" {
			image.SignatureDigest = r.signature
		}
		images = append(images, image)
	}
	return images
}

// printUse says how to use what is kept running.
func (r *chainRun) printUse() {
	identity := r.supply.identity
	sign := append([]string{"notation"}, chain.SignArgs(identity.Signing, r.ciRegistry+"/REPOSITORY@DIGEST")...)
	var path []string
	for _, program := range []string{"notation", "oras", "kubectl"} {
		path = append(path, filepath.Dir(r.programs[program]))
	}
	fmt.Printf(`
Everything is left running. Registries: ci at %s, production at %s.

  export PATH=%s:$PATH
  export KUBECONFIG=%s XDG_CONFIG_HOME=%s
  kubectl get pods --all-namespaces
  oras repo ls --plain-http %s
  notation verify --insecure-registry %s
  %s%s

Logs are in %s. Ctrl-C ends everything and removes it.
`, r.ciRegistry, r.production,
		strings.Join(path, ":"), r.cluster.Kubeconfig, filepath.Join(r.dir, "notation"),
		r.production, r.supply.images()["signed-by-digest"].Reference,
		strings.Join(append(identity.Env, ""), " "), shellquote.Join(sign...), filepath.Join(r.dir, "logs"))
}

// trace shows the commands of notation and oras if that is wanted.
func (r *chainRun) trace() func(string) {
	if !r.verbose {
		return nil
	}
	return r.console.trace
}
