package scripts_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"container-signing/internal/pki"
)

const bearerToken = "s3cr3t-bearer-token"

// signingService is a signing service with the key of every key spec. It
// signs what its headers ask for, where the token is the right one.
func signingService(answer func([]byte) []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+bearerToken {
			http.Error(w, "token unknown", http.StatusUnauthorized)
			return
		}
		payload, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client is gone
		}
		for _, spec := range keySpecs {
			if asksFor(r, spec) {
				_, _ = w.Write(answer(spec.sign(payload))) // the client sees what is missing
				return
			}
		}
		http.Error(w, "no such key", http.StatusNotFound)
	}
}

// asksFor tells whether the request has all that http.sh documents.
func asksFor(r *http.Request, spec keySpec) bool {
	return r.Method == http.MethodPost &&
		r.Header.Get("Content-Type") == "application/octet-stream" &&
		r.Header.Get("Signer-Key-Id") == "release" &&
		r.Header.Get("Signer-Key-Spec") == spec.Name &&
		r.Header.Get("Signer-Hash-Algorithm") == spec.Hash.String() &&
		r.Header.Get("Signer-Signing-Algorithm") == spec.SigningAlgorithm
}

func asBytes(signature []byte) []byte { return signature }

// serve starts an HTTPS server and returns what http.sh needs to reach it.
func serve(t *testing.T, handler http.Handler) []string {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return []string{
		"EXTERNAL_SIGNER_URL=" + server.URL + "/sign",
		"EXTERNAL_SIGNER_CA=" + writeFile(t, "ca.pem", pki.EncodePEM(server.Certificate())),
		"EXTERNAL_SIGNER_TOKEN_FILE=" + writeFile(t, "token", []byte(bearerToken+"\n")),
	}
}

// answerWith is a service that always gives the same answer.
func answerWith(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client sees what is missing
	}
}

// hang is a service that never answers.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the server sees that the client is gone only where the body is read
	<-r.Context().Done()
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		connection.Close()
	}
}

// flood answers for as long as somebody reads.
func flood(w http.ResponseWriter, _ *http.Request) {
	for {
		if _, err := w.Write(make([]byte, 4096)); err != nil {
			return
		}
	}
}
