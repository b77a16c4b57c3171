package signature

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"container-signing/internal/hint"
)

// explainRSA undoes the RSA operation and reads the padding, which says how the
// signature was made. Without a padding it was made by another key.
func explainRSA(public *rsa.PublicKey, hash crypto.Hash, payload, signature []byte) error {
	encoded, ok := encodedMessage(public, signature)
	if !ok {
		return errAnotherKey
	}
	if bytes.HasPrefix(encoded, []byte{0, 1, 0xff, 0xff}) {
		return hint.Add(errors.New("the padding is PKCS #1 v1.5, but RSASSA-PSS is wanted"), "with openssl dgst "+
			"add -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest, with pkeyutl the same as -pkeyopt")
	}
	candidates := parsePSS(public, encoded)
	for _, candidate := range candidates {
		if err := candidate.explain(hash, payload); err != nil {
			return err
		}
	}
	for _, candidate := range candidates {
		if candidate.hash == candidate.maskHash {
			return hint.Add(errOtherMessage, "sign the bytes on stdin unchanged, with %v: "+
				"a shell's $(cat) destroys binary ones", hash)
		}
	}
	return errAnotherKey
}

var errOtherMessage = errors.New("the signature is by the leaf certificate's key, " +
	"but over something else than the payload")

// encodedMessage is the public RSA operation, RFC 8017 section 5.2.2.
func encodedMessage(public *rsa.PublicKey, signature []byte) ([]byte, bool) {
	s := new(big.Int).SetBytes(signature)
	if s.Cmp(public.N) >= 0 {
		return nil, false
	}
	message := s.Exp(s, big.NewInt(int64(public.E)), public.N)
	return message.FillBytes(make([]byte, public.Size())), true
}

// pss is an encoded message of RSASSA-PSS, RFC 8017 section 9.1.
type pss struct {
	hash, maskHash crypto.Hash
	salt, digest   []byte
}

// parsePSS undoes the encoding with each pair of hashes and returns what has its
// shape. A signature by another key has it by a chance of about one in 6,000: a salt of
// maximal length leaves only two bytes to recognise it by.
func parsePSS(public *rsa.PublicKey, encoded []byte) []pss {
	bits := public.N.BitLen() - 1
	encoded = encoded[len(encoded)-(bits+7)/8:]
	if encoded[len(encoded)-1] != 0xbc {
		return nil
	}
	var result []pss
	for _, hash := range hashes {
		border := len(encoded) - 1 - hash.Size()
		sum := encoded[border : len(encoded)-1]
		for _, maskHash := range hashes {
			block := bytes.Clone(encoded[:border])
			unmask(block, sum, maskHash)
			block[0] &= 0xff >> (8*len(encoded) - bits)
			if salt := bytes.TrimLeft(block, "\x00"); len(salt) > 0 && salt[0] == 1 {
				result = append(result, pss{hash, maskHash, salt[1:], sum})
			}
		}
	}
	return result
}

// unmask applies MGF1, RFC 8017 appendix B.2.1, to block.
func unmask(block, seed []byte, hash crypto.Hash) {
	var mask []byte
	for counter := uint32(0); len(mask) < len(block); counter++ {
		mask = append(mask, digest(hash, binary.BigEndian.AppendUint32(bytes.Clone(seed), counter))...)
	}
	for i := range block {
		block[i] ^= mask[i]
	}
}

// explain says how the encoding differs from what is wanted for the payload. It
// returns nil where the encoding is over none of the messages that are known.
func (p pss) explain(hash crypto.Hash, payload []byte) error {
	for _, mistake := range mistakes(hash, payload) {
		if !p.over(mistake.message) {
			continue
		}
		switch {
		case mistake.cause != "":
			return mistake.err()
		case p.hash != hash:
			return wrongHash(p.hash, hash)
		case p.maskHash != hash:
			err := fmt.Errorf("the mask generation hash of RSASSA-PSS is %v, but %v is wanted", p.maskHash, hash)
			return hint.Add(err, "with openssl add -sigopt rsa_mgf1_md:%s", opensslName(hash))
		default:
			err := fmt.Errorf("the salt of RSASSA-PSS is %d bytes long, but must be %d, as long as the %v digest",
				len(p.salt), hash.Size(), hash)
			return hint.Add(err, "with openssl change it to -sigopt rsa_pss_saltlen:digest")
		}
	}
	return nil
}

// over says whether the message's hash is the one that was signed.
func (p pss) over(message []byte) bool {
	input := append(make([]byte, 8), digest(p.hash, message)...)
	return bytes.Equal(digest(p.hash, append(input, p.salt...)), p.digest)
}

// opensslName is such as sha256.
func opensslName(hash crypto.Hash) string {
	return strings.ToLower(strings.ReplaceAll(hash.String(), "-", ""))
}
