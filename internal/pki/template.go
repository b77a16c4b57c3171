package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
)

const organization = "container-signing demonstration"

// Authority is the template of a certificate authority.
func Authority(commonName string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName, Organization: []string{organization}},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

// Signer is the template of a certificate that may sign images: key usage
// digitalSignature alone and extended key usage codeSigning, as the certificate
// requirements of the Notary Project signature specification want it.
func Signer(commonName string) *x509.Certificate {
	return &x509.Certificate{
		// Notation's trust policy identifies a signer by C, ST and O.
		Subject: pkix.Name{
			CommonName: commonName, Organization: []string{organization},
			Country: []string{"FI"}, Province: []string{"Uusimaa"},
		},
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
}

// Server is the template of a serving certificate for host names and IP
// addresses.
func Server(commonName string, hosts ...string) *x509.Certificate {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: commonName},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return template
}

// Client is the template of a certificate by which Kubernetes knows a user and
// its group.
func Client(user, group string) *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: []string{group}},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}
