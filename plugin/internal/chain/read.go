// Package chain reads the certificate chain of a signing key, puts it in order
// and checks it by the rules that verifiers of Notation signatures apply.
package chain

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	nx509 "github.com/notaryproject/notation-core-go/x509"

	"container-signing/internal/hint"
)

// maxFileSize bounds what is read of a chain file, in bytes. A chain of ten
// RSA-4096 certificates is about 20 KiB.
const maxFileSize = 1 << 20

// Load reads the certificates in the file at path, PEM or DER, and returns the
// chain in them from the leaf to the root. The order in the file is free,
// repeated certificates and ones that aren't on the way from the leaf to its
// root are left out, and each rule of the Notary Project's specification is
// checked for signing at the time now.
func Load(path string, now time.Time) ([]*x509.Certificate, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	certificates, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading certificate chain %q: %w", path, err)
	}
	chain, err := order(certificates)
	if err != nil {
		return nil, fmt.Errorf("ordering certificate chain %q: %w", path, err)
	}
	if err := nx509.ValidateCodeSigningCertChain(chain, &now); err != nil {
		return nil, fmt.Errorf("checking certificate chain %q by the Notary Project's certificate requirements: %w",
			path, err)
	}
	return chain, nil
}

// readFile reads no more than maxFileSize of a regular file. A pipe is refused:
// notation starts the plugin three times a signature, and each time it has to
// read the chain.
func readFile(path string) ([]byte, error) {
	// Without O_NONBLOCK opening a pipe would wait for somebody to write.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("opening certificate chain: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("opening certificate chain: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, hint.Add(fmt.Errorf("opening certificate chain %q: not a regular file", path),
			"name a PEM or DER file")
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading certificate chain: %w", err)
	}
	if len(data) > maxFileSize {
		return nil, hint.Add(fmt.Errorf("reading certificate chain %q: larger than %d bytes", path, maxFileSize),
			"name a file that holds the certificates only")
	}
	return data, nil
}

func parse(data []byte) ([]*x509.Certificate, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, hint.Add(errors.New("the file is empty"),
			"put the leaf's certificate and those of its issuers up to the root into it")
	}
	if bytes.Contains(data, pemStart) {
		return parsePEM(data)
	}
	certificates, err := x509.ParseCertificates(data)
	if err != nil {
		return nil, hint.Add(fmt.Errorf("neither PEM nor DER certificates: %w", err),
			"convert PKCS #7 with openssl pkcs7 -print_certs, PKCS #12 with openssl pkcs12 -nokeys")
	}
	return certificates, nil
}

var pemStart = []byte("-----BEGIN ")

// parsePEM counts the blocks, because pem.Decode skips a damaged one silently.
func parsePEM(data []byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	blocks := bytes.Count(data, pemStart)
	for n := 1; n <= blocks; n++ {
		block, rest := pem.Decode(data)
		if block == nil || bytes.Count(rest, pemStart) != blocks-n {
			return nil, hint.Add(fmt.Errorf("a PEM block among the %d in the file is damaged", blocks),
				"compare its base64 text and its END line with the original")
		}
		if block.Type != "CERTIFICATE" {
			return nil, hint.Add(fmt.Errorf("PEM block %d is of type %q", n, block.Type),
				"leave only CERTIFICATE blocks in the file")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", n, err)
		}
		certificates = append(certificates, certificate)
		data = rest
	}
	return certificates, nil
}
