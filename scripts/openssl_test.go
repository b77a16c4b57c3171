package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func TestOpenSSLSignsWithEveryKeySpec(t *testing.T) {
	need(t, "openssl")
	for _, spec := range keySpecs {
		for kind, payload := range payloads {
			t.Run(spec.Name+"/"+kind, func(t *testing.T) {
				signer := run(t, "openssl.sh", spec.environment("EXTERNAL_PRIVATE_KEY="+keyFile(t, spec)), payload)
				if signer.err != nil {
					t.Fatalf("%v: %s", signer.err, signer.stderr)
				}
				spec.verify(t, payload, signer.stdout, true)
			})
		}
	}
}

const rightPassphrase = "correct horse"

// encryptedKey is spec's key with a passphrase.
func encryptedKey(t *testing.T, spec keySpec) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "encrypted.pem")
	command := exec.Command("openssl", "pkcs8", "-topk8", "-v2", "aes256", "-passout", "env:PASSPHRASE",
		"-in", keyFile(t, spec), "-out", path)
	command.Env = append(os.Environ(), "PASSPHRASE="+rightPassphrase)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

func TestOpenSSLTakesPassphraseFromFileOrEnvironment(t *testing.T) {
	need(t, "openssl")
	spec := specNamed("EC-256")
	file := writeFile(t, "passphrase", []byte(rightPassphrase+"\n"))
	for name, source := range map[string][]string{
		"file":        {"EXTERNAL_PRIVATE_KEY_PASSIN=file:" + file},
		"environment": {"EXTERNAL_PRIVATE_KEY_PASSIN=env:PHRASE", "PHRASE=" + rightPassphrase},
	} {
		t.Run(name, func(t *testing.T) {
			path, record := recordArguments(t, "openssl")
			more := slices.Concat(source, []string{path, "EXTERNAL_PRIVATE_KEY=" + encryptedKey(t, spec)})
			signer := run(t, "openssl.sh", spec.environment(more...), payloads["binary"])
			if signer.err != nil {
				t.Fatalf("%v: %s", signer.err, signer.stderr)
			}
			spec.verify(t, payloads["binary"], signer.stdout, true)
			signer.assertSecret(t, record, rightPassphrase)
		})
	}
}

func TestOpenSSLRefuses(t *testing.T) {
	need(t, "openssl")
	ec256, ec384, rsa2048 := specNamed("EC-256"), specNamed("EC-384"), specNamed("RSA-2048")
	key := func(path string) []string { return []string{"EXTERNAL_PRIVATE_KEY=" + path} }
	known, small := key(keyFile(t, ec256)), key(keyFile(t, rsa2048))
	encrypted := key(encryptedKey(t, ec256))
	passphrase := func(source string) []string {
		return append(encrypted[:1:1], "EXTERNAL_PRIVATE_KEY_PASSIN="+source, "P=tr0ub4dor")
	}
	const kinds = "file:PATH or env:NAME"
	for name, test := range map[string]struct {
		spec  keySpec
		more  []string
		words []string
	}{
		"no key named":       {ec256, nil, []string{"EXTERNAL_PRIVATE_KEY is not set\nhint: set it"}},
		"no such key":        {ec256, key("/nowhere.pem"), []string{`"/nowhere.pem" can't be read`}},
		"not a key":          {ec256, key("openssl.sh"), []string{`"openssl.sh" can't be used`, "PEM"}},
		"openssl missing":    {ec256, append(known, "PATH="+t.TempDir()), []string{"openssl is not installed"}},
		"without the plugin": {ec256, append(known, "SIGNER_KEY_SPEC="), []string{"SIGNER_KEY_SPEC is not set"}},
		"unknown key spec":   {ec256, append(known, "SIGNER_KEY_SPEC=RSA-1024"), []string{"unknown\nhint: ", "EC-521"}},
		"another curve":      {ec384, known, []string{"is not EC-384", "prime256v1"}},
		"EC for RSA":         {rsa2048, known, []string{"is not RSA-2048", "prime256v1"}},
		"RSA for EC":         {ec256, small, []string{"is not EC-256", "2048 bit"}},
		"another size":       {specNamed("RSA-3072"), small, []string{"is not RSA-3072", "2048 bit"}},
		"no passphrase":      {ec256, encrypted, []string{"can't be used", "EXTERNAL_PRIVATE_KEY_PASSIN"}},
		"wrong passphrase":   {ec256, passphrase("env:P"), []string{"can't be used"}},
		"no passphrase file": {ec256, passphrase("file:/nowhere"), []string{"can't be used", "/nowhere"}},
		"passphrase itself":  {ec256, passphrase("pass:" + rightPassphrase), []string{kinds}},
		"from the payload":   {ec256, passphrase("stdin"), []string{kinds}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, "openssl.sh", test.spec.environment(test.more...), payloads["text"]).assertRefused(t, test.words...)
		})
	}
}
