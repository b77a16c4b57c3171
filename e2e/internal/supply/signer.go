package supply

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"

	"container-signing/internal/hint"
	"container-signing/internal/keyspec"
)

// SignPayload is a signer for a machine without openssl: it signs what it reads
// with the private key in the file that EXTERNAL_PRIVATE_KEY names, as the
// plugin external-signer asks a signer to.
func SignPayload(payload io.Reader, signature io.Writer) error {
	key, err := readKey(os.Getenv(KeyVariable))
	if err != nil {
		return err
	}
	content, err := io.ReadAll(payload)
	if err != nil {
		return fmt.Errorf("reading the payload: %w", err)
	}
	raw, err := keyspec.Sign(key, content)
	if err != nil {
		return err
	}
	_, err = signature.Write(raw)
	return err
}

func readKey(path string) (crypto.Signer, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key that %s names: %w", KeyVariable, err)
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, hint.Add(fmt.Errorf("reading the key %q: it isn't PEM", path),
			"give a private key in PKCS #8, in PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the key %q: %w", path, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("reading the key %q: a key of type %T can't sign", path, key)
	}
	return signer, nil
}
