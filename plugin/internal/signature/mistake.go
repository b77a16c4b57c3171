package signature

import (
	"crypto"
	// The hash that some tools take when nobody tells them which.
	_ "crypto/sha1"
	"errors"
	"fmt"

	"container-signing/internal/hint"
)

// errAnotherKey is the cause where nothing more precise is known.
var errAnotherKey = errors.New("isn't by the key of the leaf certificate")

// A mistake is a message that signers sign instead of the payload. The payload
// itself, which is none, has no cause.
type mistake struct {
	message       []byte
	cause, advice string
}

// mistakes are the messages that a signature may be over, the right one first.
func mistakes(hash crypto.Hash, payload []byte) []mistake {
	sum := digest(hash, payload)
	return []mistake{
		{payload, "", ""},
		{sum, "the payload's digest was hashed again",
			"give the tool the payload, or tell it that its input is a digest"},
		{fmt.Appendf(nil, "%x", sum), "the payload's digest was signed as hexadecimal text",
			"give the tool the payload, or the digest's bytes"},
		{nil, "nothing was signed, an empty input", "read the payload from stdin, once"},
		{append(payload[:len(payload):len(payload)], '\n'), "the payload was signed with a newline added",
			"pass stdin on as it is, not through echo or a shell variable"},
	}
}

func (m mistake) err() error { return hint.Add(errors.New(m.cause), "%s", m.advice) }

// hashes are those that a signer may take by mistake, and the right ones.
var hashes = []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA1, crypto.SHA224}

func wrongHash(used, wanted crypto.Hash) error {
	return hint.Add(fmt.Errorf("the signature is over the payload's %v digest, but %v is wanted", used, wanted),
		"take the hash that SIGNER_HASH_ALGORITHM names")
}

func digest(hash crypto.Hash, message []byte) []byte {
	h := hash.New()
	h.Write(message) // a hash never returns an error
	return h.Sum(nil)
}
