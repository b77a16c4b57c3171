package command

import (
	"strings"
	"time"

	"github.com/spf13/pflag"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/run"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
	"container-signing/internal/keyspec"
)

// Flags that several commands take.

func addTimeout(flags *pflag.FlagSet, s *session.Settings) {
	flags.DurationVar(&s.Timeout, "timeout", 2*time.Minute, "`time` after which a step is given up")
}

func addVerbose(flags *pflag.FlagSet, s *session.Settings) {
	flags.BoolVarP(&s.Verbose, "verbose", "v", false, "show the command lines of notation and oras")
}

func addCIRegistry(flags *pflag.FlagSet, r *supply.Registries) {
	flags.StringVar(&r.CI, "ci-registry", "127.0.0.1:5002", "`address` at which the CI registry listens")
}

func addProductionRegistry(flags *pflag.FlagSet, r *supply.Registries) {
	flags.StringVar(&r.Production, "production-registry", "127.0.0.1:5001",
		"`address` at which the production registry listens")
}

func addImage(flags *pflag.FlagSet, image *string) {
	flags.StringVar(image, "image", "",
		"`image` to sign: a reference in a registry, or FOLDER[:TAG] of an OCI layout "+
			"(default: busybox commands built from Go modules)")
}

func addKeySpec(flags *pflag.FlagSet, spec *string) {
	flags.StringVar(spec, "key-spec", "RSA-3072",
		"key `spec` of the demonstration certificate: "+strings.Join(keyspec.Names(), ", "))
}

func addCertificateChain(flags *pflag.FlagSet, s *supply.Signer) {
	flags.StringVar(&s.CertificateChain, "certificate-chain", "",
		"`file` with the certificate chain of your signer, PEM or DER")
}

// addSigner adds how to sign with a signer of the user's own.
func addSigner(flags *pflag.FlagSet, s *supply.Signer) {
	flags.StringVar(&s.Command, "signer", "",
		"your own signer: a `command` that reads the payload and writes the signature (needs --certificate-chain)")
	addCertificateChain(flags, s)
	flags.DurationVar(&s.Timeout, "signer-timeout", 0,
		"how long your signer may take, such as 30m for signing by hand (default: the plugin's 60s)")
	addSignature(flags, s)
}

// addSignature adds what is said about any signature.
func addSignature(flags *pflag.FlagSet, s *supply.Signer) {
	flags.StringVar(&s.KeyID, "key-id", "demonstration", "key `id` that the signer is told")
	formats := notation.Formats()
	flags.StringVar(&s.Format, "signature-format", formats[0],
		"signature envelope `format`: "+strings.Join(formats, ", "))
}

// addChoice adds what is judged.
func addChoice(flags *pflag.FlagSet, c *run.Choice) {
	addPolicies(flags, c)
	addWorkloads(flags, c)
	addReport(flags, c)
}

// addPolicies adds which policies are enforced.
func addPolicies(flags *pflag.FlagSet, c *run.Choice) {
	addPolicy(flags, c)
	flags.StringVar(&c.Policies, "policies", "", "`folder` with policies of your own, instead of --policy")
	flags.StringArrayVar(&c.Accept, "accept", nil,
		"`words` that a run has said of what policies leave out: they may; can be given several times")
}

func addPolicy(flags *pflag.FlagSet, c *run.Choice) {
	kinds := run.PolicyKinds()
	flags.StringVar(&c.Policy, "policy", kinds[0], "`kind` of the policy: "+strings.Join(kinds, ", "))
}

func addWorkloads(flags *pflag.FlagSet, c *run.Choice) {
	flags.StringVar(&c.Workloads, "workloads", "",
		"`folder` with admit/ and deny/, workloads of your own (default: policies/workloads)")
}

func addReport(flags *pflag.FlagSet, c *run.Choice) {
	flags.StringVar(&c.Report, "report", "", reportUsage)
}

const reportUsage = "`folder` to write report.json, junit.xml and table.txt to"

const awaitUsage = "`URL` that is answered when the cluster is ready, " +
	"such as http://cluster:6444/readyz for `e2e cluster --readyz :6444`"

const nodeUsage = "`mode`: run a node, so that admitted pods really start: " +
	"auto (where this machine and its user can), on, off"
