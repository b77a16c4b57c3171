package supply

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // links the hashes that key specs name
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
)

// SignPayload is a signer for a machine without openssl: it signs standard
// input with the private key in the file that EXTERNAL_PRIVATE_KEY names, as
// the plugin external-signer asks a signer to.
func SignPayload(stdin io.Reader, stdout io.Writer) error {
	hash, ok := map[string]crypto.Hash{
		"SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512,
	}[os.Getenv("SIGNER_HASH_ALGORITHM")]
	if !ok {
		return fmt.Errorf("reading SIGNER_HASH_ALGORITHM: unknown hash %q; this program is to be run by the plugin", os.Getenv("SIGNER_HASH_ALGORITHM"))
	}
	key, err := readKey(os.Getenv(KeyVariable))
	if err != nil {
		return err
	}
	digest := hash.New()
	if _, err := io.Copy(digest, stdin); err != nil {
		return fmt.Errorf("reading the payload: %w", err)
	}
	signature, err := signDigest(key, hash, digest.Sum(nil))
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	_, err = stdout.Write(signature)
	return err
}

func readKey(path string) (crypto.PrivateKey, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key that %s names: %w", KeyVariable, err)
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("reading the key %q: it isn't PEM", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the key %q: %w", path, err)
	}
	return key, nil
}

// signDigest signs as the Notary Project signature specification wants it:
// RSASSA-PSS with a salt as long as the digest, or ECDSA as r and s of the
// curve's width one after the other.
func signDigest(key crypto.PrivateKey, hash crypto.Hash, digest []byte) ([]byte, error) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return rsa.SignPSS(rand.Reader, key, hash, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		if err != nil {
			return nil, err
		}
		width := (key.Curve.Params().BitSize + 7) / 8
		signature := make([]byte, 2*width)
		r.FillBytes(signature[:width])
		s.FillBytes(signature[width:])
		return signature, nil
	default:
		return nil, fmt.Errorf("a key of type %T can't sign images: it has to be RSA or ECDSA", key)
	}
}
