package scripts_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"container-signing/internal/pki"
	"container-signing/internal/pki/pkitest"
)

// serveAs starts an HTTPS server with a certificate for a host name, and a proxy
// by which curl reaches it under any name: a service in a pipeline has a name
// that is none on this machine.
func serveAs(t *testing.T, name string, handler http.Handler) (ca *pki.Certificate, proxy string) {
	t.Helper()
	ca = pkitest.Root(t, "CA of the signing service")
	certificate, err := ca.NewServer(name, name)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{
		Certificate: [][]byte{certificate.X509.Raw}, PrivateKey: certificate.Key,
	}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	tunnel := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tunnelTo(w, r, server.Listener.Addr().String())
	}))
	t.Cleanup(tunnel.Close)
	return ca, "HTTPS_PROXY=" + tunnel.URL
}

// tunnelTo answers CONNECT with a connection to address, wherever it is meant to
// lead.
func tunnelTo(w http.ResponseWriter, r *http.Request, address string) {
	upstream, err := net.Dial("tcp", address)
	if err != nil || r.Method != http.MethodConnect {
		http.Error(w, "no tunnel", http.StatusBadGateway)
		return
	}
	defer upstream.Close()
	w.WriteHeader(http.StatusOK)
	connection, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the client is gone
	}
	defer connection.Close()
	go func() {
		_, _ = io.Copy(upstream, buffered) // ends with the client
		upstream.Close()
	}()
	_, _ = io.Copy(connection, upstream) // ends with the server
}

// TestHTTPSignsByTheServicesName is the documented way in a pipeline: https, the
// name "signer", a CA of one's own, and a token.
func TestHTTPSignsByTheServicesName(t *testing.T) {
	need(t, "curl")
	spec := specNamed("EC-384")
	ca, proxy := serveAs(t, "signer", signingService(asBytes))
	service := func(url string, ca *pki.Certificate) []string {
		return spec.environment(proxy, "EXTERNAL_SIGNER_URL="+url,
			"EXTERNAL_SIGNER_CA="+writeFile(t, "signer-ca.pem", ca.PEM()),
			"EXTERNAL_SIGNER_TOKEN_FILE="+writeFile(t, "token.txt", []byte(bearerToken)))
	}
	signer := run(t, "http.sh", service("https://signer:8443/sign", ca), payloads["binary"])
	if signer.err != nil {
		t.Fatalf("%v: %s", signer.err, signer.stderr)
	}
	spec.verify(t, payloads["binary"], signer.stdout, false)

	for name, environment := range map[string][]string{
		"another name": service("https://other:8443/sign", ca),
		"another CA":   service("https://signer:8443/sign", pkitest.Root(t, "CA of the signing service")),
	} {
		t.Run(name, func(t *testing.T) {
			run(t, "http.sh", environment, payloads["binary"]).assertRefused(t, "gave no answer", "certificate")
		})
	}
	t.Run("in the clear", func(t *testing.T) {
		signer := run(t, "http.sh", service("http://signer:8443/sign", ca), payloads["binary"])
		signer.assertRefused(t, "not sent in the clear", "hint: ", "https://")
		if strings.Contains(signer.stderr, bearerToken) {
			t.Error("the token is in standard error")
		}
	})
}
