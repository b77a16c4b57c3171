package fault

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"container-signing/e2e/internal/judge"
	"container-signing/internal/pki"
)

// distribution is the contract that a registry breaks.
const distribution = "https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md"

// OfRegistry are the faults of the registry behind a front.
func OfRegistry(front *Front, images judge.Images) ([]Fault, error) {
	encrypted, err := encryption()
	if err != nil {
		return nil, err
	}
	_, tag, _ := strings.Cut(images[signedImage].Reference[strings.LastIndex(images[signedImage].Reference, "/"):], ":")
	swapped := Swapped([]string{tag, images[signedImage].Digest}, images[unsignedImage].Digest)
	var all []Fault
	for _, one := range []struct {
		name, does string
		mode       Mode
		words      string
		signed     Fate
	}{
		{"refuses-connections", "the registry is gone", Refusing(), `connection refused`, Waits},
		{"silent", "the registry accepts connections, and never answers", Silent(), ``, Waits},
		{"slow", "the registry takes two seconds for each answer", Slow(2 * time.Second), ``, Varies},
		{"trickles", "the registry answers a byte at a time", Trickling(20 * time.Millisecond), ``, Varies},
		{"answers-401", "the registry wants a password", Status(http.StatusUnauthorized), `(?i)401|unauthorized`, Waits},
		{"answers-429", "the registry limits its use", Status(http.StatusTooManyRequests), `(?i)429|too many requests`, Waits},
		{"answers-500", "the registry fails", Status(http.StatusInternalServerError), `(?i)500|internal server error`, Waits},
		{"answers-503", "the registry is overloaded", Status(http.StatusServiceUnavailable), `(?i)503|unavailable`, Waits},
		{"answers-html", "a page is there in place of the registry", HTML(), ``, Waits},
		{"truncates", "the registry gives half of what it has", Truncated(), ``, Waits},
		{"swaps-manifests", "the registry gives an unsigned image for a signed one", swapped, ``, Waits},
		{"wrong-type", "the registry calls everything plain text", WrongType(), ``, Varies},
		{"endless", "the registry's answers never end", Endless(), ``, Waits},
		{"speaks-tls", "the registry speaks TLS where plain HTTP is expected", Encrypted(encrypted), ``, Varies},
		{"without-referrers", "the registry doesn't find the signatures", WithoutReferrers(), ``, Waits},
	} {
		fault := Fault{
			Name: "registry-" + one.name, Does: one.does,
			Why: "what can't be read isn't verified", KnownFrom: distribution,
			Begin: func(context.Context) error { return front.Set(one.mode) },
			End:   func(context.Context) error { return front.Set(Passing()) },
			Words: regexp.MustCompile(one.words), Signed: one.signed, Updates: Goes,
		}
		if one.mode.answer != nil {
			fault.Seen = func(context.Context) error {
				if front.Hits() == 0 {
					return errors.New("nobody has met the fault: the registry wasn't asked")
				}
				return nil
			}
		}
		if one.signed == Varies {
			fault.Words = nil
		}
		all = append(all, fault)
	}
	return all, nil
}

// encryption is a certificate that nobody trusts.
func encryption() (tls.Certificate, error) {
	authority, err := pki.NewAuthority("registry", "EC-256")
	if err != nil {
		return tls.Certificate{}, err
	}
	server, err := authority.NewServer("registry", "127.0.0.1")
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := server.KeyPEM()
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(server.PEM(), key)
}
