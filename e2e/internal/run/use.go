package run

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/kballard/go-shellquote"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/supply"
)

// printUse says how to use what is kept running.
func (s *stock) printUse(kubeconfig string) {
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
	fmt.Printf(`
Everything is left running. Registries: ci at %s, production at %s.
  export PATH=%s:$PATH KUBECONFIG=%s
  export %s
  kubectl get pods --all-namespaces
  oras repo ls --plain-http %s
  notation verify --insecure-registry %s
  %s%s
Logs are in %s. Ctrl-C ends everything and removes it.
`, s.Registries.CI, s.Registries.Production, strings.Join(path, ":"), kubeconfig,
		strings.Join(notation.Environment(s.notationFolder()), " "), s.Registries.Production,
		s.supplied.Pinned(supply.Signed), key, shellquote.Join(sign...), s.In("logs"))
}
