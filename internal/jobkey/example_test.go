package jobkey_test

import (
	"crypto/tls"
	"fmt"

	"github.com/ballast-ml/ballast/internal/jobkey"
)

// One secret, one configuration for both ends of every connection.
func ExampleTLS() {
	config, err := jobkey.TLS([]byte("made with: openssl rand -hex 32"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tls.VersionName(config.MinVersion), config.ServerName, config.ClientAuth)

	plain, err := jobkey.TLS(nil)
	fmt.Println("without a secret:", plain, err)
	// Output:
	// TLS 1.3 ballast-node RequireAndVerifyClientCert
	// without a secret: <nil> <nil>
}
