// Package signature turns what a signer printed into the raw signature that
// Notation expects, or says what is wrong with it.
package signature

// MaxOutput is how many bytes a signer may print. The longest signature, of
// RSA-4096, is 512 bytes; wrapped hexadecimal text of it is about 1 KiB.
const MaxOutput = 16 << 10

// From returns the raw signature in a signer's output. It accepts the bytes as
// they are, with a newline after them, and as base64 or hexadecimal text; an
// ECDSA signature also as ASN.1 DER in each of these. Whatever it returns, the
// key verifies strictly over payload: a repair that gives something else isn't
// one. Otherwise the error says what the output is instead.
func (k Key) From(output, payload []byte) ([]byte, error) {
	readings := k.readings(output)
	for _, reading := range readings {
		if k.verify(payload, reading.signature) {
			return reading.signature, nil
		}
	}
	return nil, k.diagnose(output, payload, readings)
}
