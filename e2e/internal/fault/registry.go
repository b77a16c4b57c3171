package fault

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"regexp"
	"time"

	"oras.land/oras-go/v2/registry"

	"container-signing/internal/pki"
)

// distribution is the contract that a registry breaks.
const distribution = "https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md"

// What users are told: that nobody has answered in time, what the registry says,
// and what the policies say of an image without a signature that counts.
const (
	tooLate   = `deadline exceeded|(?i)time(d )?out`
	fails     = `UNAVAILABLE|status code 50[03]|` + tooLate
	untrusted = `no Notation signature by a trusted certificate`
)

// ofRegistry are the faults of the registry behind the front.
func (w World) ofRegistry() (all []Fault) {
	add := func(name, does string, signed Fate, words string, mode func() (Mode, error)) {
		one := Fault{
			Name: "registry-" + name, Does: "the registry " + does,
			Why: "what can't be read isn't verified", KnownFrom: distribution,
			Begin: func(context.Context) error {
				mode, err := mode()
				if err != nil {
					return err
				}
				return w.Front.Set(mode)
			},
			End:    func(context.Context) error { return w.Front.Set(Passing()) },
			Seen:   w.met,
			Signed: signed, Updates: Goes,
		}
		if signed == Waits {
			one.Words = regexp.MustCompile(words)
		}
		all = append(all, one)
	}
	as := func(mode Mode) func() (Mode, error) { return func() (Mode, error) { return mode, nil } }
	add("refuses-connections", "is gone", Waits, `connection refused`, as(Refusing()))
	all[0].Seen = nil // that a connection is refused, only those know who have asked
	add("silent", "accepts connections, and never answers", Waits, tooLate, as(Silent()))
	add("slow", "takes two seconds for each answer", Varies, ``, as(Slow(2*time.Second)))
	add("trickles", "answers a byte at a time", Varies, ``, as(Trickling(20*time.Millisecond)))
	add("answers-401", "wants a password", Waits, `(?i)401|unauthorized`, as(Status(http.StatusUnauthorized)))
	add("answers-429", "limits its use", Waits, `(?i)429|too ?many ?requests`, as(Status(http.StatusTooManyRequests)))
	add("answers-500", "fails", Waits, fails, as(Status(http.StatusInternalServerError)))
	add("answers-503", "is overloaded", Waits, fails, as(Status(http.StatusServiceUnavailable)))
	add("answers-html", "is hidden by a page to log in", Waits, untrusted+`|Docker-Content-Digest`, as(HTML()))
	add("truncates", "gives half of what it has", Waits,
		untrusted+`|match requested digest|unexpected (EOF|end)`, as(Truncated()))
	add("swaps-manifests", "gives an unsigned image for a signed one", Waits,
		untrusted+`|match requested digest|descriptor mismatch`, w.swapped)
	add("wrong-type", "calls everything plain text", Varies, ``, as(WrongType()))
	add("endless", "never ends its answers", Waits, tooLate, as(Endless()))
	add("speaks-tls", "speaks TLS where plain HTTP is expected", Varies, ``, encrypted)
	add("without-referrers", "doesn't find signatures", Waits, untrusted+`|referrers`, as(WithoutReferrers()))
	return all
}

// met returns an error if nobody has met the fault of the registry.
func (w World) met(context.Context) error {
	if w.Front.Hits() == 0 {
		return errors.New("nobody has met the fault: the registry wasn't asked")
	}
	return nil
}

// swapped gives the unsigned image for the signed one, by tag and by digest.
func (w World) swapped() (Mode, error) {
	wanted, err := registry.ParseReference(w.Place.Images[signedImage].Reference)
	if err != nil {
		return Mode{}, err
	}
	names := []string{wanted.Reference, w.Place.Images[signedImage].Digest}
	return Swapped(names, w.Place.Images[unsignedImage].Digest), nil
}

// encrypted speaks TLS with a certificate that nobody trusts.
func encrypted() (Mode, error) {
	certificate, err := selfMade()
	if err != nil {
		return Mode{}, err
	}
	return Encrypted(certificate), nil
}

func selfMade() (tls.Certificate, error) {
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
