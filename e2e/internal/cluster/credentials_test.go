package cluster

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

// written writes the credentials of a cluster, and returns their files and the
// CAs that trust their authority.
func written(t *testing.T, hosts ...string) (credentials, *x509.CertPool) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cluster")
	authority, err := freshAuthority()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeCredentials(dir, authority, "127.0.0.1:6443", hosts, "node-1"); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority.X509)
	return credentialsIn(dir), roots
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestServerCertificate vouches for the API server by all names that it is
// called by, and for nothing else.
func TestServerCertificate(t *testing.T) {
	hosts := append(make([]string, 0, 20), "cluster.test", "192.0.2.7")
	files, roots := written(t, hosts...)
	certificate := parseCertificate(t, readFile(t, files.serverCertificate))
	for _, name := range []string{
		"cluster.test", "192.0.2.7", "127.0.0.1", "localhost", "10.96.0.1", "kubernetes", "kubernetes.default",
		"kubernetes.default.svc",
	} {
		if net.ParseIP(name) != nil {
			name = "[" + name + "]"
		}
		if _, err := certificate.Verify(x509.VerifyOptions{DNSName: name, Roots: roots}); err != nil {
			t.Error(err)
		}
	}
	if _, err := certificate.Verify(x509.VerifyOptions{DNSName: "other.test", Roots: roots}); err == nil {
		t.Error("it vouches for any name")
	}
	client := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: client}); err == nil {
		t.Error("the API server's certificate is one of a client too")
	}
	if more := hosts[:3]; more[2] != "" {
		t.Errorf("the caller's list of names is written to: %q", more)
	}
}

// TestKubeconfigs are those of an administrator, of Kyverno, and of the kubelet of
// one node, who isn't an administrator.
func TestKubeconfigs(t *testing.T) {
	files, roots := written(t)
	for path, want := range map[string]struct{ user, group string }{
		files.kubeconfig:     {"administrator", "system:masters"},
		files.nodeKubeconfig: {"system:node:node-1", "system:nodes"},
		files.kyvernoKubeconfig: {
			"system:serviceaccount:kyverno:kyverno-admission-controller", "system:masters",
		},
	} {
		config, err := clientcmd.BuildConfigFromFlags("", path)
		if err != nil {
			t.Fatal(err)
		}
		if config.Host != "https://127.0.0.1:6443" || config.Insecure {
			t.Errorf("%s calls %s, unverified: %v", path, config.Host, config.Insecure)
		}
		user := parseCertificate(t, config.CertData)
		client := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		if _, err := user.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: client}); err != nil {
			t.Error(err)
		}
		if user.Subject.CommonName != want.user || !slices.Equal(user.Subject.Organization, []string{want.group}) {
			t.Errorf("the user is %s", user.Subject)
		}
	}
}

// TestServiceAccountKeys belong together, and to nobody else.
func TestServiceAccountKeys(t *testing.T) {
	files, _ := written(t)
	private, _ := pem.Decode(readFile(t, files.serviceAccountKey))
	public, _ := pem.Decode(readFile(t, files.serviceAccountPub))
	key, err := x509.ParsePKCS8PrivateKey(private.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	verifies, err := x509.ParsePKIXPublicKey(public.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !key.(*ecdsa.PrivateKey).PublicKey.Equal(verifies) {
		t.Error("what one signs the other doesn't verify")
	}
	others, _ := written(t)
	if slices.Equal(readFile(t, files.serviceAccountKey), readFile(t, others.serviceAccountKey)) {
		t.Error("all clusters have the same key")
	}
}

// TestCredentialsArePrivate checks that others can't read a cluster's files, nor
// list its folder, in which etcd's socket is.
func TestCredentialsArePrivate(t *testing.T) {
	files, _ := written(t)
	entries, err := os.ReadDir(filepath.Dir(files.authority))
	if err != nil || len(entries) != 8 {
		t.Errorf("there are %v (%v)", entries, err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v)", entry.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(filepath.Dir(files.authority)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v (%v)", info.Mode(), err)
	}
}

// TestCredentialsNowhere says where they can't be written.
func TestCredentialsNowhere(t *testing.T) {
	authority, err := freshAuthority()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeCredentials(filepath.Join(file, "below"), authority, "127.0.0.1:1", nil, "node"); err == nil {
		t.Error("they are written below a file")
	}
	if err := NewAuthority(filepath.Join(file, "below"), server); err == nil {
		t.Error("an authority is written below a file")
	}
}
