package failure

import (
	"strings"
	"testing"
)

const (
	eof   = `resolving image "localhost:5002/app": Get "http://localhost:5002/v2/app/manifests/latest": EOF`
	reset = `Get "http://localhost:5002/v2/": read tcp 127.0.0.1:40312->127.0.0.1:5002: read: connection reset by peer`
	who   = `Error: response status code 401: unauthorized: authentication required`
	basic = `Get "http://localhost:5077/v2/": basic credential not found`
	noKey = "openssl.sh: EXTERNAL_PRIVATE_KEY is not set: set it to the private key's PEM file"
)

func TestError(t *testing.T) {
	for _, test := range []struct {
		exit Exit
		want string
	}{
		{Exit{3, "what it did\n", "  what went wrong\n"}, "signing: exit status 3: what went wrong"},
		{Exit{1, "on the wrong stream\n", " \n"}, "signing: exit status 1: on the wrong stream"},
		{Exit{137, "", ""}, "signing: exit status 137: "},
	} {
		if got := test.exit.Error("signing", Given{}).Error(); got != test.want {
			t.Errorf("got %q", got)
		}
	}
}

func TestAdvice(t *testing.T) {
	for name, test := range map[string]struct {
		words  string
		given  Given
		advice string
	}{
		"nothing behind a service":      {eof, Given{Service: "--registry"}, "behind --registry:"},
		"nothing behind another":        {eof + "\nmore", Given{Service: "--to-registry"}, "behind --to-registry:"},
		"a reset":                       {reset, Given{Service: "--registry"}, "behind --registry:"},
		"no credentials":                {who, Given{}, "give --registry-credentials"},
		"no credentials of a service":   {basic, Given{Service: "--registry"}, "give --registry-credentials"},
		"a signing service":             {"http.sh: answered 401 Unauthorized", Given{Signer: true, Key: true}, ""},
		"wrong credentials":             {who, Given{Credentials: true}, ""},
		"no service":                    {eof, Given{}, ""},
		"an end in the middle":          {"reading x: EOF of it all", Given{Service: "--registry"}, ""},
		"no key":                        {noKey, Given{Signer: true}, "give it by --key"},
		"a key":                         {noKey, Given{Signer: true, Key: true}, ""},
		"no key of a demonstration":     {noKey, Given{}, ""},
		"a signer with another failure": {"HSM on fire", Given{Signer: true}, ""},
	} {
		got := Exit{Status: 1, Stderr: test.words}.Error("signing", test.given).Error()
		_, advice, found := strings.Cut(got, "\nhint: ")
		if found != (test.advice != "") || !strings.Contains(advice, test.advice) {
			t.Errorf("%s: got %q", name, got)
		}
		if !strings.HasPrefix(got, "signing: exit status 1: "+test.words) {
			t.Errorf("%s: the words are changed: %q", name, got)
		}
	}
}
