package secret

import "testing"

func TestPlace(t *testing.T) {
	for from, want := range map[[2]string][2]string{
		{"", "env://EXTERNAL_PKCS11_PIN"}:      {"EXTERNAL_PKCS11_PIN", ""},
		{"", "file:///home/me/pin.txt"}:        {"", "/run/secrets/pin.txt"},
		{"", "file://pin.txt"}:                 {"", "/run/secrets/pin.txt"},
		{"", "op://vault/item/TOKEN"}:          {"TOKEN", ""},
		{"", "vault://signing/token"}:          {"", "/run/secrets/token"},
		{"TOKEN", ""}:                          {"TOKEN", ""},
		{"signing-token", ""}:                  {"", "/run/secrets/signing-token"},
		{"a/b", ""}:                            {"", "/run/secrets/b"},
		{"TOKEN", "file:///elsewhere/ignored"}: {"TOKEN", ""},
	} {
		variable, file, err := Place(from[0], from[1])
		if err != nil || variable != want[0] || file != want[1] {
			t.Errorf("%q: got %q, %q, %v", from, variable, file, err)
		}
	}
	if _, _, err := Place("", ""); err == nil {
		t.Error("a secret without a name is placed somewhere")
	}
}
