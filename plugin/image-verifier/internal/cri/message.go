package cri

import (
	"encoding/binary"
	"errors"
)

// Kinds of fields (protobuf.dev/programming-guides/encoding).
const (
	varint  = 0
	fixed64 = 1
	lengths = 2 // texts and messages, after their length
	fixed32 = 5
)

// imageRequest is the message that all calls about an image begin with: an
// ImageSpec in field 1, whose field 1 is the reference (k8s.io/cri-api,
// pkg/apis/runtime/v1/api.proto).
func imageRequest(reference string) []byte {
	inFirst := func(content []byte) []byte {
		message := binary.AppendUvarint([]byte{1<<3 | lengths}, uint64(len(content)))
		return append(message, content...)
	}
	return inFirst(inFirst([]byte(reference)))
}

// fields are those of a message that have a length, by their numbers.
type fields map[uint64][]string

// first returns the first of a message's fields with that number; "" if there is
// none.
func (f fields) first(number uint64) string {
	if len(f[number]) == 0 {
		return ""
	}
	return f[number][0]
}

// parse reads a message.
func (f fields) parse(message []byte) error {
	cut := errors.New("a field is cut off")
	for len(message) > 0 {
		tag, read := binary.Uvarint(message)
		if read <= 0 {
			return cut
		}
		message = message[read:]
		length := uint64(0)
		switch kind := tag & 7; kind {
		case varint, lengths:
			value, read := binary.Uvarint(message)
			if read <= 0 {
				return cut
			}
			message = message[read:]
			if kind == lengths {
				length = value
			}
		case fixed64:
			length = 8
		case fixed32:
			length = 4
		default:
			return errors.New("a field is of no known kind")
		}
		if length > uint64(len(message)) {
			return cut
		}
		if tag&7 == lengths {
			f[tag>>3] = append(f[tag>>3], string(message[:length]))
		}
		message = message[length:]
	}
	return nil
}
