package run

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/kballard/go-shellquote"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/supply"
)

// printUse says how to use what is kept running, and how to take the lock off if
// there is one.
func (s *stock) printUse(kubeconfig string, locked bool) {
	var path []string
	for _, program := range []string{"notation", "oras", "kubectl"} {
		path = append(path, filepath.Dir(s.Programs[program]))
	}
	var key string
	for _, variable := range s.identity.Env {
		if strings.HasPrefix(variable, supply.KeyVariable+"=") {
			key = variable + " "
		}
	}
	sign := append([]string{"notation"},
		notation.SignArgs(s.identity.Signing, s.Registries.CI+"/REPOSITORY@DIGEST", true)...)
	unlock := ""
	if locked {
		unlock = "  rm " + filepath.Join(cluster.LockFolder(s.In("cluster")), "manifests/keep-the-lock.yaml") +
			" # then the policies can be changed\n"
	}
	fmt.Printf(`
Everything is left running. Registries: ci at %s, production at %s.
  export PATH=%s:$PATH KUBECONFIG=%s
  export %s
  kubectl get pods --all-namespaces
  oras repo ls --plain-http %s
  notation verify --insecure-registry %s
  %s%s
%sLogs are in %s. Ctrl-C ends everything and removes it.
`, s.Registries.CI, s.Registries.Production, strings.Join(path, ":"), kubeconfig,
		strings.Join(notation.Environment(s.notationFolder()), " "), s.Registries.Production,
		s.supplied.Pinned(supply.Signed), key, shellquote.Join(sign...), unlock, s.In("logs"))
}
