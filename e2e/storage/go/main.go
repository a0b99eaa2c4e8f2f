// Command go is the participant with the described drivers.
package main

import (
	"github.com/temporal-data-converter/tdc/e2e/storage/go/described"
	"github.com/temporal-data-converter/tdc/e2e/storage/go/participant"
)

func main() { participant.Main(described.NewDriver) }
