package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"container-signing/internal/hint"
)

const (
	// lockInstalled is where the project's admission.yaml says that its folder
	// is.
	lockInstalled = "/etc/kubernetes/notation"
	// admissionFile is the API server's configuration in that folder.
	admissionFile = "admission.yaml"
)

// LockFolder is where the files are, in a cluster's folder, from which the API
// server reads policies that its API doesn't show.
func LockFolder(dir string) string { return filepath.Join(dir, "lock") }

// InstallLock copies the folder policies/apiserver to dir, and returns the
// arguments by which kube-apiserver reads its policies from there.
func InstallLock(folder, dir string) (args []string, err error) {
	if dir, err = filepath.Abs(dir); err == nil { // the API server wants it
		err = os.CopyFS(dir, os.DirFS(folder))
	}
	if err != nil {
		return nil, fmt.Errorf("copying the policies of the API server: %w", err)
	}
	file := filepath.Join(dir, admissionFile)
	content, err := os.ReadFile(file)
	if err == nil && !strings.Contains(string(content), lockInstalled) {
		err = hint.Add(errors.New("it doesn't name the folder that is replaced"), "name %s", lockInstalled)
	}
	if err == nil {
		here := strings.ReplaceAll(string(content), lockInstalled, dir)
		err = os.WriteFile(file, []byte(here), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("preparing %q for the API server: %w", admissionFile, err)
	}
	return []string{
		"--feature-gates=ManifestBasedAdmissionControlConfig=true", "--admission-control-config-file=" + file,
	}, nil
}
