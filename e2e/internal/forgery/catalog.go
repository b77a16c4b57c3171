package forgery

import "slices"

// What notation says of whom it doesn't trust, of a chain that isn't one of a
// signer, and of a signature that doesn't fit.
const (
	untrusted   = "does not contain any trusted certificate"
	noChain     = "certificate-chain is invalid"
	noFit       = "signature is invalid"
	noSignature = "no signature is associated with"
)

// All returns all forgeries.
func All() []Forgery { return slices.Concat(identities, envelopes, contents) }

// identities differ in who has signed.
var identities = []Forgery{
	{
		"signed-by-same-names", "signed by a CA of the same name", untrusted, nothing,
		signedBy((*intruder).sameNames),
	},
	{"signed-by-itself", "signed by who vouches for itself", untrusted, nothing, signedBy((*intruder).itself)},
	{
		"signed-with-trusted-root", "signed by another CA, the trusted one shown", noChain, nothing,
		signedBy((*intruder).withTrustedRoot),
	},
	{
		"signed-with-stolen-chain", "signed by another key than the certificate's", noFit, nothing,
		signedBy((*intruder).stolenChain),
	},
	{"signed-by-leaf-of-leaf", "certificate issued by a signer", noChain, signer, signedBy((*intruder).byLeaf)},
	{
		"signed-by-scheme-of-authorities", "signing scheme that isn't trusted", "no trusted certificates are found", signer,
		signedBy((*intruder).trusted, byAuthorityScheme),
	},
	{
		"signed-by-expired-certificate", "certificate expired", "verification time is after certificate", authority,
		signedBy(misissued(expired)),
	},
	{
		"signed-by-future-certificate", "certificate not yet valid", "verification time is before certificate", authority,
		signedBy(misissued(notYetValid)),
	},
	{
		"signed-by-server-certificate", "certificate for servers", "must not contain ServerAuth", authority,
		signedBy(misissued(forServers)),
	},
	{
		"signed-by-encryption-certificate", "certificate for encryption",
		`must have the bit positions for "Digital Signature"`, authority, signedBy(misissued(forEncryption)),
	},
	{
		"signed-by-subordinate-ca", "certificate of a CA", "the ca field must be set to false", authority,
		signedBy(misissued(asAuthority)),
	},
	{
		"signed-by-ca-itself", "signed by the CA itself", "the ca field must be set to false", authority,
		signedBy((*intruder).authorityItself),
	},
	{"signed-with-weak-key", "key of a curve that isn't allowed", noFit, authority, signedBy((*intruder).weak)},
}

// envelopes differ in what the envelope says.
var envelopes = []Forgery{
	{
		"signature-expired", "signature expired", "digital signature has expired", signer,
		signedBy((*intruder).trusted, expiredSignature),
	},
	{
		// notation-go 1.3.2 doesn't look at such headers unless one of them names
		// a plugin.
		"signature-with-unknown-header", "", "", signer,
		signedBy((*intruder).trusted, withUnknownHeader),
	},
	{
		"signature-with-plugin", "asks for a plugin of the intruder's", "plugin", signer,
		signedBy((*intruder).trusted, withPlugin),
	},
	{
		"signature-of-other-content", "signature of something else than an image", "not supported", signer,
		signedBy((*intruder).trusted, ofOtherContent),
	},
	{
		"signature-without-certificates", "no certificates", "certificate chain is not present", signer,
		signedBy((*intruder).trusted, withoutCertificates),
	},
	{
		"signature-without-algorithm", "algorithm none", "signing method none is invalid", nothing,
		signedBy((*intruder).stolenChain, unsigned),
	},
	{
		"signature-by-public-key", "public key used as a secret", "signing method HS256 is invalid", nothing,
		signedBy((*intruder).stolenChain, byPublicKey),
	},
}

// contents differ in what the signature is about, and how it is kept.
var contents = []Forgery{
	{"signature-of-another-image", "signature of another image", "content descriptor mismatch", nothing, ofAnotherImage},
	{"signature-listed-for-another", "signature listed for another image", "content descriptor mismatch", nothing, listed},
	{"signature-with-flipped-bit", "signature with a flipped bit", noFit, nothing, withFlippedBit},
	{"signature-with-other-payload", "payload changed after it was signed", noFit, nothing, withOtherPayload},
	{"signature-of-wrong-type", "envelope of the other type", "unable to parse the digital signature", nothing, ofType("")},
	{"signature-of-unknown-type", "envelope of an unknown type", "is not supported", nothing, ofType("application/octet-stream")},
	{"signature-empty", "empty envelope", "certificate chain is not present", nothing, empty},
	{"signature-of-wrong-size", "envelope said to be a tebibyte", "signature blob too large", nothing, ofWrongSize},
	{"signature-without-envelope", "signature without an envelope", "exactly one signature envelope", nothing, withoutEnvelope},
	{"signature-as-image", "a signature itself, as an image", noSignature, nothing, signatureItself},
	{"index-around-signed", "unsigned index of a signed image", noSignature, nothing, aroundSigned},
	{"worthless-signatures", "nine worthless signatures", untrusted, nothing, crowd(9, none)},
	{"signed-among-worthless", "", "", signer, crowd(9, 5)},
	{"signed-after-many-worthless", "", "", signer, crowd(40, 35)},
}
