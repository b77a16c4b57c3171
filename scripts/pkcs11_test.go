package scripts_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	tokenLabel = "release"
	pin        = "73914682"
)

// softHSM is where distributions put SoftHSM's library.
var softHSM = []string{
	"/usr/lib/softhsm/libsofthsm2.so",
	"/usr/lib/*/softhsm/libsofthsm2.so",
	"/usr/lib*/pkcs11/libsofthsm2.so",
	"/opt/homebrew/lib/softhsm/libsofthsm2.so",
	"/usr/local/lib/softhsm/libsofthsm2.so",
}

// A token is a SoftHSM token that holds the key of every key spec.
type token struct{ module, configuration string }

// newToken makes a token in a folder of the test.
func newToken(t *testing.T) token {
	t.Helper()
	need(t, "openssl", "pkcs11-tool", "softhsm2-util")
	folder := t.TempDir()
	configuration := filepath.Join(folder, "softhsm2.conf")
	if err := os.WriteFile(configuration, fmt.Appendf(nil, "directories.tokendir = %s\n", folder), 0o600); err != nil {
		t.Fatal(err)
	}
	token := token{module: findSoftHSM(t), configuration: configuration}
	token.softhsm(t, "--init-token", "--free", "--label", tokenLabel, "--so-pin", pin, "--pin", pin)
	for i, spec := range keySpecs {
		token.softhsm(t, "--import", keyFile(t, spec), "--token", tokenLabel, "--pin", pin,
			"--label", spec.Name, "--id", keyID(i))
	}
	return token
}

// keyID is the CKA_ID of keySpecs[i].
func keyID(i int) string { return fmt.Sprintf("%02x", 0xa0+i) }

func findSoftHSM(t *testing.T) string {
	t.Helper()
	for _, pattern := range softHSM {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	t.Fatalf("softhsm2-util is installed, but its library is in none of %q", softHSM)
	return ""
}

func (k token) softhsm(t *testing.T, arguments ...string) {
	t.Helper()
	command := exec.Command("softhsm2-util", arguments...)
	command.Env = append(os.Environ(), "SOFTHSM2_CONF="+k.configuration)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("softhsm2-util %q: %v: %s", arguments, err, out)
	}
}

// settings is what the user of pkcs11.sh says, to sign with keySpecs[i].
func (k token) settings(i int) []string {
	return []string{
		"SOFTHSM2_CONF=" + k.configuration,
		"EXTERNAL_PKCS11_MODULE=" + k.module,
		"EXTERNAL_PKCS11_TOKEN=" + tokenLabel,
		"EXTERNAL_PKCS11_KEY_ID=" + keyID(i),
		"EXTERNAL_PKCS11_PIN=" + pin,
	}
}

// environment is all that pkcs11.sh needs to sign with keySpecs[i]; what more
// says comes last and so counts.
func (k token) environment(i int, more ...string) []string {
	return keySpecs[i].environment(append(k.settings(i), more...)...)
}

func TestPKCS11SignsWithEveryKeySpec(t *testing.T) {
	token := newToken(t)
	for i, spec := range keySpecs {
		for kind, payload := range payloads {
			t.Run(spec.Name+"/"+kind, func(t *testing.T) {
				signer := run(t, "pkcs11.sh", token.environment(i), payload)
				if signer.err != nil {
					t.Fatalf("%v: %s", signer.err, signer.stderr)
				}
				spec.verify(t, payload, signer.stdout, false)
			})
		}
	}
}

func TestPKCS11KeepsThePINSecret(t *testing.T) {
	token := newToken(t)
	for name, text := range map[string]string{
		"with newline": pin + "\n", "without": pin, "two lines": pin + "\nsecond line\n",
	} {
		t.Run(name, func(t *testing.T) {
			path, record := recordArguments(t, "pkcs11-tool", "openssl")
			file := writeFile(t, "pin", []byte(text))
			environment := token.environment(3, path, "EXTERNAL_PKCS11_PIN=", "EXTERNAL_PKCS11_PIN_FILE="+file)
			signer := run(t, "pkcs11.sh", environment, payloads["text"])
			if signer.err != nil {
				t.Fatalf("%v: %s", signer.err, signer.stderr)
			}
			keySpecs[3].verify(t, payloads["text"], signer.stdout, false)
			signer.assertSecret(t, record, pin)
		})
	}
}

func TestPKCS11Refuses(t *testing.T) {
	token := newToken(t)
	const rsa3072, ec256 = 1, 3
	set := func(name, value string) string { return "EXTERNAL_PKCS11_" + name + "=" + value }
	for name, test := range map[string]struct {
		spec  int
		more  string
		words []string
	}{
		"wrong PIN":           {ec256, set("PIN", "11111111"), []string{"CKR_PIN_INCORRECT", "is the PIN right"}},
		"no PIN":              {ec256, set("PIN", ""), []string{"there is no PIN\nhint: set EXTERNAL_PKCS11_PIN_FILE"}},
		"no PIN file":         {ec256, set("PIN_FILE", "/nowhere"), []string{`PIN file "/nowhere" can't be read`}},
		"empty PIN file":      {ec256, set("PIN_FILE", "/dev/null"), []string{"there is no PIN"}},
		"no such token":       {ec256, set("TOKEN", "elsewhere"), []string{`token "elsewhere"`, "No slot"}},
		"tokens gone":         {ec256, "SOFTHSM2_CONF=/nowhere", []string{`token "release" made no signature`}},
		"no token named":      {ec256, set("TOKEN", ""), []string{"EXTERNAL_PKCS11_TOKEN is not set"}},
		"no such key":         {ec256, set("KEY_ID", "77"), []string{"Private key not found", "is key 77 there"}},
		"no key named":        {ec256, set("KEY_ID", ""), []string{"EXTERNAL_PKCS11_KEY_ID is not set"}},
		"EC for RSA":          {rsa3072, set("KEY_ID", keyID(ec256)), []string{"made no signature", "is it RSA-3072"}},
		"RSA for EC":          {ec256, set("KEY_ID", keyID(rsa3072)), []string{"made no signature", "is it EC-256"}},
		"no library named":    {ec256, set("MODULE", ""), []string{"EXTERNAL_PKCS11_MODULE is not set"}},
		"no such library":     {ec256, set("MODULE", "/nowhere.so"), []string{`"/nowhere.so" can't be read`}},
		"not a library":       {ec256, set("MODULE", "pkcs11.sh"), []string{"made no signature"}},
		"unknown key spec":    {ec256, "SIGNER_KEY_SPEC=EC-224", []string{`"EC-224" is unknown`}},
		"without the plugin":  {ec256, "SIGNER_KEY_SPEC=", []string{"SIGNER_KEY_SPEC is not set"}},
		"pkcs11-tool missing": {ec256, "PATH=" + t.TempDir(), []string{"is not installed"}},
	} {
		t.Run(name, func(t *testing.T) {
			signer := run(t, "pkcs11.sh", token.environment(test.spec, test.more), payloads["text"])
			signer.assertRefused(t, test.words...)
		})
	}
}
