package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"container-signing/internal/pki"
)

// options are what a person can choose about a run.
type options struct {
	image            string
	ciRegistry       string
	production       string
	keySpec          string
	format           string
	signer           string
	certificateChain string
	ca               string
	keyID            string
	signerTimeout    time.Duration
	policy           string
	policies         string
	workloads        string
	report           string
	keep             bool
	verbose          bool
	timeout          time.Duration
	node             string
}

var (
	policyKinds      = []string{"imagevalidatingpolicy", "clusterpolicy"}
	signatureFormats = []string{"jws", "cose"}
)

// usageError is a fault in what was asked for: exit status 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func newFlags(o *options) *flag.FlagSet {
	flags := flag.NewFlagSet("e2e", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.image, "image", "", "`image` to sign: a reference in a registry, or FOLDER[:TAG] of an OCI layout (default: busybox commands built from Go modules)")
	flags.StringVar(&o.ciRegistry, "ci-registry", "127.0.0.1:5002", "`address` at which the CI registry listens")
	flags.StringVar(&o.production, "production-registry", "127.0.0.1:5001", "`address` at which the production registry listens")
	flags.StringVar(&o.keySpec, "key-spec", "RSA-3072", "key `spec` of the demonstration certificate: "+strings.Join(pki.KeySpecs(), ", "))
	flags.StringVar(&o.format, "signature-format", "jws", "signature envelope `format`: "+strings.Join(signatureFormats, ", "))
	flags.StringVar(&o.signer, "signer", "", "your own signer: a `command` that reads the payload and writes the signature (needs --certificate-chain)")
	flags.StringVar(&o.certificateChain, "certificate-chain", "", "`file` with the certificate chain of your signer, PEM or DER")
	flags.StringVar(&o.ca, "ca", "", "`file` with the CA to trust (default: the root of --certificate-chain)")
	flags.StringVar(&o.keyID, "key-id", "demonstration", "key `id` that the signer is told")
	flags.DurationVar(&o.signerTimeout, "signer-timeout", 0, "how long your signer may take, such as 30m for signing by hand (default: the plugin's 60s)")
	flags.StringVar(&o.policy, "policy", policyKinds[0], "`kind` of the policy: "+strings.Join(policyKinds, ", "))
	flags.StringVar(&o.policies, "policies", "", "`folder` with policies of your own, instead of --policy")
	flags.StringVar(&o.workloads, "workloads", "", "`folder` with admit/ and deny/, workloads of your own (default: policies/workloads)")
	flags.StringVar(&o.report, "report", "", "`folder` to write report.json, junit.xml and table.txt to")
	flags.StringVar(&o.node, "node", nodeModes[0], "`mode`: run a node, so that admitted pods really start: auto (where this machine and its user can), on, off")
	flags.BoolVar(&o.keep, "keep", false, "leave everything running until Ctrl-C, and print how to use it")
	flags.BoolVar(&o.verbose, "v", false, "show the command lines of notation and oras")
	flags.DurationVar(&o.timeout, "timeout", 2*time.Minute, "`time` after which a wait is given up")
	return flags
}

// parseOptions reads the command line. Its errors are usage errors, or
// flag.ErrHelp.
func parseOptions(args []string) (options, error) {
	var o options
	flags := newFlags(&o)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, usagef("%w; `e2e --help` lists the flags", err)
	}
	if flags.NArg() > 0 {
		return o, usagef("unknown argument %q: known commands are %s; `e2e --help` lists the flags", flags.Arg(0), strings.Join(commandNames(), ", "))
	}
	return o, o.check()
}

// check finds what can be known to be wrong without reading any file.
func (o options) check() error {
	if err := pki.CheckKeySpec(o.keySpec); err != nil {
		return usagef("reading --key-spec: %w", err)
	}
	if !slices.Contains(signatureFormats, o.format) {
		return usagef("unknown --signature-format %q: known are %s", o.format, strings.Join(signatureFormats, ", "))
	}
	if !slices.Contains(policyKinds, o.policy) {
		return usagef("unknown --policy %q: known are %s; --policies takes a folder of your own", o.policy, strings.Join(policyKinds, ", "))
	}
	if err := o.checkNodeMode(); err != nil {
		return err
	}
	if o.ciRegistry == o.production {
		return usagef("--ci-registry and --production-registry are both %s: give them different addresses", o.ciRegistry)
	}
	if (o.signer == "") != (o.certificateChain == "") {
		return usagef("--signer and --certificate-chain belong together: the chain is that of the signer's key; give both, or neither for a demonstration")
	}
	if o.ca != "" && o.signer == "" {
		return usagef("--ca %s without --signer: the demonstration makes a CA of its own; give --signer and --certificate-chain too", o.ca)
	}
	if o.timeout <= 0 || o.signerTimeout < 0 {
		return usagef("--timeout and --signer-timeout have to be positive durations, such as 90s")
	}
	return o.checkFolders()
}

// checkFolders makes sure that folders are folders.
func (o options) checkFolders() error {
	for name, path := range map[string]string{"policies": o.policies, "workloads": o.workloads} {
		if info, err := os.Stat(path); path != "" && err != nil {
			return usagef("reading --%s: %w", name, err)
		} else if path != "" && !info.IsDir() {
			return usagef("reading --%s: %q is a file; give its folder", name, path)
		}
	}
	return nil
}

func (o options) checkNodeMode() error {
	if !slices.Contains(nodeModes, o.node) {
		return usagef("unknown --node %q: known are %s", o.node, strings.Join(nodeModes, ", "))
	}
	return nil
}

// checkWritable finds before the run that its report can't be written after it.
func checkWritable(folder string) error {
	if folder == "" {
		return nil
	}
	err := os.MkdirAll(folder, 0o755)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(folder, ".writable-"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("preparing --report %q: %w; give a folder that can be written to", folder, err)
	}
	return nil
}

// resolve fills in the folders that belong to the project's source in root.
func (o *options) resolve(root string) {
	if o.policies == "" {
		o.policies = filepath.Join(root, "policies", o.policy)
	}
	if o.workloads == "" {
		o.workloads = filepath.Join(root, "policies", "workloads")
	}
}
