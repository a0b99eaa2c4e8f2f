// Requires nothing, because it is built in a workspace that scripts/test-storage makes of a clone of
// temporalio/sdk-go.
module github.com/temporal-data-converter/tdc/e2e/storage/official

go 1.26.0
