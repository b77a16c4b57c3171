package run

import (
	"net"
	"strings"

	"container-signing/e2e/internal/reference"
)

// spellings are ways to write the name of an image that is in a registry by its
// tag, so that who verifies it might look at another one than who pulls it. Each
// returns nothing where there is no such way.
var spellings = map[string]func(unsigned, signed reference.Reference, digest string) string{
	"unsigned-by-localhost": func(unsigned, _ reference.Reference, _ string) string {
		return onLoopback(unsigned, "localhost")
	},
	"unsigned-by-upper-case-registry": func(unsigned, _ reference.Reference, _ string) string {
		if unsigned.OnLoopback() {
			return onLoopback(unsigned, "LOCALHOST")
		}
		unsigned.Registry = strings.ToUpper(unsigned.Registry)
		return unsigned.String()
	},
	"unsigned-by-mapped-address": func(unsigned, _ reference.Reference, _ string) string {
		return onLoopback(unsigned, "::ffff:127.0.0.1")
	},
	"unsigned-by-port-with-zero": func(unsigned, _ reference.Reference, _ string) string {
		host, port, err := net.SplitHostPort(unsigned.Registry)
		if err != nil {
			return ""
		}
		unsigned.Registry = net.JoinHostPort(host, "0"+port)
		return unsigned.String()
	},
	"unsigned-under-signed-tag": func(unsigned, signed reference.Reference, _ string) string {
		signed.Digest = unsigned.Digest
		return signed.String()
	},
	"unsigned-behind-signed-digest": func(unsigned, signed reference.Reference, digest string) string {
		return signed.ByDigest(digest).String() + "@" + unsigned.Digest
	},
	"unsigned-by-upper-case-digest": func(unsigned, _ reference.Reference, _ string) string {
		algorithm, hex, _ := strings.Cut(unsigned.Digest, ":")
		return unsigned.ByDigest(algorithm + ":" + strings.ToUpper(hex)).String()
	},
	"unsigned-with-two-tags": func(unsigned, signed reference.Reference, _ string) string {
		return signed.String() + ":" + unsigned.Tag
	},
}

// onLoopback is an image by another name of this machine; nothing if it isn't
// here.
func onLoopback(image reference.Reference, host string) string {
	_, port, err := net.SplitHostPort(image.Registry)
	if err != nil || !image.OnLoopback() {
		return ""
	}
	image.Registry = net.JoinHostPort(host, port)
	image.Digest = ""
	return image.String()
}
