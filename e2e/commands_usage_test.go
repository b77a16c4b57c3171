package main_test

import (
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestCommandsUsage asks commands for what can't be done. As in a whole run, it has to
// be found before anything is started.
func TestCommandsUsage(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	own := newIdentity(t, s.dir, "EC-256")
	s.do("credentials", "--output", s.in("credentials"), "--server", "https://127.0.0.1:1")
	kubeconfig := s.in("credentials/kubeconfig")
	for _, cases := range []map[string]usageCase{signUsage(s, own), supplyUsage(s), clusterUsage(s, own, kubeconfig)} {
		for name, one := range cases {
			t.Run(name, func(t *testing.T) { s.on(t).command(one.args).checkUsage(one.words...) })
		}
	}
}

func signUsage(s *stage, own ownIdentity) map[string]usageCase {
	sign := func(args ...string) []string {
		return append([]string{"sign", "--signer", "true", "--certificate-chain", own.chain, "--image", s.ci + "/app:1"}, args...)
	}
	return map[string]usageCase{
		"no workers":               {sign("--parallel", "0"), []string{"--parallel 0", "give at least 1"}},
		"workers that aren't many": {sign("--parallel", "many"), []string{"--parallel", `"many"`}},
		"image that can't be":      {sign("--image", "App:1:2"), []string{`--image "App:1:2"`, "registry.example.com/app:1.0"}},
		"empty image":              {sign("--image", ""), []string{`--image ""`, "registry.example.com/app:1.0"}},
		"no image":                 {[]string{"sign", "--signer", "true", "--certificate-chain", own.chain}, []string{"--image is missing", "`e2e sign --help`"}},
		"no signer":                {[]string{"sign", "--image", "app"}, []string{"--signer is missing"}},
		"format that is unknown":   {sign("--signature-format", "pgp"), []string{"--signature-format", `"pgp"`, "jws, cose"}},
		"missing chain":            {sign("--certificate-chain", "nowhere"), []string{"--certificate-chain", "nowhere: no such file"}},
		"chain of no certificates": {sign("--certificate-chain", "main_test.go"), []string{"--certificate-chain", `"main_test.go"`, "PEM or DER"}},
		"no time for the signer":   {sign("--signer-timeout", "-1s"), []string{"--signer-timeout -1s", "positive duration"}},
		"no folder for signatures": {sign("--output", s.in("no/file")), []string{`--output "` + s.in("no/file") + `"`, "there is no folder", "make it"}},
		"unknown flag of sign":     {sign("--colour"), []string{"--colour", "`e2e sign --help` lists the flags"}},
		"argument of sign":         {sign("app:1"), []string{`unknown argument "app:1"`, "`e2e sign --help` lists the flags"}},
	}
}

func supplyUsage(s *stage) map[string]usageCase {
	image, state := s.ci+"/app:1", s.in("state.json")
	writeFile(s.t, s.in("prose"), "Dear promote,\n")
	return map[string]usageCase{
		"unknown flag of certificates": {[]string{"certificates", "--colour"}, []string{"--colour", "`e2e certificates --help`"}},
		"certificates for nowhere":     {[]string{"certificates"}, []string{"--output is missing"}},
		"key spec that is unknown":     {[]string{"certificates", "--output", s.in("none"), "--key-spec", "RSA-1024"}, []string{"--key-spec", `"RSA-1024"`, "RSA-2048"}},
		"certificates of a program":    {[]string{"certificates", "--output", s.in("none"), "--certificate-chain", "main_test.go"}, []string{"--certificate-chain", `"main_test.go"`, "PEM or DER"}},
		"unknown flag of push":         {[]string{"push", "--colour"}, []string{"--colour", "`e2e push --help`"}},
		"push without a state":         {[]string{"push"}, []string{"--state is missing"}},
		"push of what can't be":        {[]string{"push", "--state", state, "--image", "App:1:2"}, []string{`--image "App:1:2"`}},
		"push with no time":            {[]string{"push", "--state", state, "--timeout", "0s"}, []string{"--timeout 0s", "positive duration"}},
		"no folder for a state":        {[]string{"push", "--state", s.in("no/state")}, []string{"--state", s.in("no/state"), "make it"}},
		"unknown flag of copy":         {[]string{"copy", "--colour"}, []string{"--colour", "`e2e copy --help`"}},
		"copy to nowhere":              {[]string{"copy", "--from", image}, []string{"--to is missing"}},
		"copy from what can't be":      {[]string{"copy", "--from", "App:1:2", "--to", image}, []string{`--from "App:1:2"`, "registry.example.com/app:1.0"}},
		"copy to what can't be":        {[]string{"copy", "--from", image, "--to", "App:1:2"}, []string{`--to "App:1:2"`, "registry.example.com/app:1.0"}},
		"no folder for a copy":         {[]string{"copy", "--from", image, "--to", image, "--output", s.in("no/file")}, []string{"--output", "make it"}},
		"unknown flag of promote":      {[]string{"promote", "--colour"}, []string{"--colour", "`e2e promote --help`"}},
		"promote without a state":      {[]string{"promote"}, []string{"--state is missing"}},
		"promote what wasn't pushed":   {[]string{"promote", "--state", s.in("nowhere")}, []string{"--state", s.in("nowhere"), "no such file"}},
		"promote prose":                {[]string{"promote", "--state", s.in("prose")}, []string{"--state", s.in("prose"), "invalid character"}},
	}
}

func clusterUsage(s *stage, own ownIdentity, kubeconfig string) map[string]usageCase {
	judge := func(args ...string) []string {
		return append([]string{"judge", "--kubeconfig", kubeconfig, "--ca", own.ca}, args...)
	}
	folder, _ := strings.CutSuffix(kubeconfig, "/kubeconfig")
	return map[string]usageCase{
		"unknown flag of credentials":       {[]string{"credentials", "--colour"}, []string{"--colour", "`e2e credentials --help`"}},
		"credentials of no server":          {[]string{"credentials", "--output", s.in("none")}, []string{"--server is missing"}},
		"credentials of plain HTTP":         {[]string{"credentials", "--output", s.in("none"), "--server", "http://cluster"}, []string{`--server "http://cluster"`, "https://cluster:6443"}},
		"unknown flag of cluster":           {[]string{"cluster", "--colour"}, []string{"--colour", "`e2e cluster --help`"}},
		"cluster without credentials":       {[]string{"cluster"}, []string{"--credentials is missing"}},
		"cluster of no credentials":         {[]string{"cluster", "--credentials", s.in("nowhere")}, []string{"--credentials", s.in("nowhere/ca.crt"), "no such file", "`e2e credentials` makes them"}},
		"cluster that listens nowhere":      {[]string{"cluster", "--credentials", folder, "--listen", "cluster"}, []string{`--listen "cluster"`, "missing port", "a host and a port"}},
		"cluster that listens at nothing":   {[]string{"cluster", "--credentials", folder, "--listen", ""}, []string{`--listen ""`, "a host and a port"}},
		"cluster that answers nowhere":      {[]string{"cluster", "--credentials", folder, "--readyz", "cluster"}, []string{`--readyz "cluster"`, "a host and a port"}},
		"cluster of one address":            {[]string{"cluster", "--credentials", folder, "--listen", "127.0.0.1:0", "--readyz", "127.0.0.1:0"}, []string{"--readyz 127.0.0.1:0", "another one"}},
		"cluster with no time":              {[]string{"cluster", "--credentials", folder, "--timeout", "-1s"}, []string{"--timeout -1s", "positive duration"}},
		"unknown flag of judge":             {judge("--colour"), []string{"--colour", "`e2e judge --help`"}},
		"judge of no cluster":               {[]string{"judge", "--ca", own.ca}, []string{"--kubeconfig is missing"}},
		"missing kubeconfig":                {judge("--kubeconfig", s.in("nowhere")), []string{`kubeconfig "` + s.in("nowhere") + `"`, "no such file", "`e2e credentials`"}},
		"kubeconfig of prose":               {judge("--kubeconfig", s.in("prose")), []string{`kubeconfig "` + s.in("prose") + `"`, "`e2e credentials`"}},
		"judge at what is no URL":           {judge("--server", "cluster:6443"), []string{`--server "cluster:6443"`, "https://cluster:6443"}},
		"judge that asks at what is no URL": {judge("--await", "cluster:6444"), []string{`--await "cluster:6444"`, "http://cluster:6444/readyz"}},
		"judge by a missing CA":             {judge("--ca", s.in("nowhere")), []string{"--ca", s.in("nowhere"), "no such file"}},
		"judge by what is no CA":            {judge("--ca", "main_test.go"), []string{"--ca", `"main_test.go"`, "PEM or DER"}},
		"judge by an unknown policy":        {judge("--policy", "opa"), []string{`--policy "opa"`, "imagevalidatingpolicy, clusterpolicy"}},
		"judge what isn't there":            {judge("--workloads", s.in("nowhere")), []string{"--workloads", s.in("nowhere")}},
		"judge what wasn't promoted":        {judge("--state", s.in("nowhere")), []string{"--state", s.in("nowhere"), "no such file"}},
		"judge into a file":                 {judge("--report", "main_test.go/report"), []string{`--report "main_test.go/report"`, "give a folder"}},
	}
}

// TestListen names the process that has the port of a cluster.
func TestListen(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s, taken := newStage(t), listener.Addr().String()
	s.do("credentials", "--output", s.in("credentials"), "--server", "https://"+taken)
	s.command([]string{"cluster", "--credentials", s.in("credentials"), "--listen", taken}).
		checkUsage("--listen "+taken+" is taken by process ", os.Args[0], "another address with --listen")
}

// TestCommandsHelp shows the flags of a command, and no others.
func TestCommandsHelp(t *testing.T) {
	t.Parallel()
	for command, flags := range map[string]string{
		"certificates": "--ca --certificate-chain --key-spec --name --output",
		"push":         "--ci-registry --image --key-id --own-signer --timeout --signature-format --state --verbose",
		"sign":         "--certificate-chain --conceal-env --conceal-file --image --key-id --output --parallel --plain-http --signature-format --signer --signer-timeout --verbose",
		"copy":         "--from --from-plain-http --output --to --to-plain-http --verbose",
		"promote":      "--ca --ci-registry --timeout --production-registry --state --verbose",
		"trust":        "--ca --trust-policy --trust-store --verbose",
		"forward":      "--lead",
		"credentials":  "--output --server",
		"cluster":      "--credentials --host --image-verifier --lead --listen --node --timeout --readyz --registry --trust",
		"judge":        "--await --bypass --ca --kubeconfig --timeout --policies --policy --production-registry --report --runs --server --state --verbose --workloads",
	} {
		s := newCommand(t, command, "--help").start()
		if status := s.wait(); status != 0 {
			t.Errorf("%s: exit status %d, not 0", command, status)
		}
		var named []string
		for _, line := range regexp.MustCompile(`(?m)^  (?:-\w,|   ) (--[a-z-]+)\b`).FindAllStringSubmatch(s.text("stdout"), -1) {
			named = append(named, line[1])
		}
		if wanted := append(strings.Fields(flags), "--help"); !sameNames(named, wanted) {
			t.Errorf("%s names the flags %s", command, named)
		}
		if text := s.text("stderr"); text != "" || !strings.Contains(s.text("stdout"), "Usage:\n  e2e "+command+" [flags]") {
			t.Errorf("%s: its usage isn't there, or standard error isn't empty: %s", command, text)
		}
	}
}

// sameNames compares names in any order.
func sameNames(some, others []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(some)), slices.Sorted(slices.Values(others)))
}
