package scripts_test

import (
	"encoding/asn1"
	"math/big"
	"testing"
)

// toDER turns an ECDSA signature r‖s, each of size bytes, into DER, which is
// what crypto/ecdsa verifies.
func toDER(t *testing.T, raw []byte, size int) []byte {
	t.Helper()
	if len(raw) != 2*size {
		t.Fatalf("signature has %d bytes, want r‖s of %d", len(raw), 2*size)
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{
		new(big.Int).SetBytes(raw[:size]), new(big.Int).SetBytes(raw[size:]),
	})
	if err != nil {
		t.Fatal(err)
	}
	return der
}
