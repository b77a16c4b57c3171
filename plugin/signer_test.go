package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"

	"container-signing/internal/keyspec"
)

// signerMain is a signer that can be told to make each of the usual mistakes. It
// takes what is wanted from the plugin's environment, as a real one does.
func signerMain() {
	if err := sign(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type signerOptions struct {
	key, padding, encoding string
	salt, cut              int
	hash                   crypto.Hash
}

func sign(args []string, stdin io.Reader, stdout io.Writer) error {
	var options signerOptions
	var hash string
	flags := flag.NewFlagSet("signer", flag.ContinueOnError)
	flags.StringVar(&options.key, "key", "leaf.key", "file of the private key, PKCS #8")
	flags.StringVar(&options.padding, "padding", "pss", "of RSA: pss or pkcs1")
	flags.StringVar(&options.encoding, "encoding", "raw", "raw, der, base64, base64url, hex, or der- and one of those")
	flags.StringVar(&hash, "hash", os.Getenv("SIGNER_HASH_ALGORITHM"), "such as SHA-256")
	flags.IntVar(&options.salt, "salt", rsa.PSSSaltLengthEqualsHash, "length of the PSS salt, in bytes")
	flags.IntVar(&options.cut, "cut", 0, "how many bytes to drop at the end")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for _, spec := range keyspec.All() {
		if spec.Hash.String() == hash {
			options.hash = spec.Hash
		}
	}
	payload, err := io.ReadAll(stdin)
	if err != nil {
		return err
	}
	signature, err := options.sign(payload)
	if err != nil {
		return err
	}
	_, err = stdout.Write(signature[:len(signature)-options.cut])
	return err
}

func (o signerOptions) sign(payload []byte) ([]byte, error) {
	text, err := os.ReadFile(o.key)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	hash := o.hash.New()
	hash.Write(payload)
	var signature []byte
	var signerOpts crypto.SignerOpts = o.hash
	if _, isRSA := key.(*rsa.PrivateKey); isRSA && o.padding == "pss" {
		signerOpts = &rsa.PSSOptions{SaltLength: o.salt, Hash: o.hash}
	}
	if signature, err = key.(crypto.Signer).Sign(rand.Reader, hash.Sum(nil), signerOpts); err != nil {
		return nil, err
	}
	if key, isEC := key.(*ecdsa.PrivateKey); isEC && !strings.HasPrefix(o.encoding, "der") {
		if signature, err = fixedWidth(key, signature); err != nil {
			return nil, err
		}
	}
	return encode(signature, strings.TrimPrefix(o.encoding, "der-")), nil
}

// fixedWidth turns DER into r‖s.
func fixedWidth(key *ecdsa.PrivateKey, der []byte) ([]byte, error) {
	var value struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &value); err != nil {
		return nil, err
	}
	size := (key.Curve.Params().BitSize + 7) / 8
	fixed := make([]byte, 2*size)
	value.R.FillBytes(fixed[:size])
	value.S.FillBytes(fixed[size:])
	return fixed, nil
}

func encode(signature []byte, encoding string) []byte {
	switch encoding {
	case "base64":
		return []byte(base64.StdEncoding.EncodeToString(signature) + "\n")
	case "base64url":
		return []byte(base64.RawURLEncoding.EncodeToString(signature))
	case "hex":
		return []byte(hex.EncodeToString(signature) + "\n")
	default:
		return signature
	}
}
