//! The certificate authorities that this machine trusts.

use rustls::pki_types::CertificateDer;

/// The authorities that this machine trusts; if `SSL_CERT_FILE` or `SSL_CERT_DIR` is set, those in
/// there instead. Files that cannot be read count as empty.
///
/// # Errors
///
/// If there are none; the text says what to do.
pub fn authorities() -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let found = trusted();
    if found.is_empty() {
        return Err(
            "found no certificate authorities on this machine: install ca-certificates, or set SSL_CERT_FILE",
        );
    }
    Ok(found)
}

#[cfg(not(target_os = "macos"))]
fn trusted() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// Reading the keychain needs an Apple framework, which only Apple's linker can link. macOS keeps
/// the authorities that Apple trusts in a file as well, without those that an administrator added.
#[cfg(target_os = "macos")]
fn trusted() -> Vec<CertificateDer<'static>> {
    let set = |name| std::env::var_os(name).filter(|path| !path.is_empty()).map(std::path::PathBuf::from);
    match (set("SSL_CERT_FILE"), set("SSL_CERT_DIR")) {
        (None, None) => pem::read(Some("/etc/ssl/cert.pem".as_ref()), None),
        (file, folder) => pem::read(file.as_deref(), folder.as_deref()),
    }
}

#[cfg(any(target_os = "macos", test))]
mod pem {
    use std::path::Path;

    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    /// The certificates in `file` and in the files of `folder`.
    pub(super) fn read(file: Option<&Path>, folder: Option<&Path>) -> Vec<CertificateDer<'static>> {
        let listed = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten();
        let files = file.map(Path::to_path_buf).into_iter().chain(listed.flatten().map(|entry| entry.path()));
        files
            .filter_map(|file| CertificateDer::pem_file_iter(file).ok())
            .flat_map(|certificates| certificates.map_while(Result::ok))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    #[test]
    fn certificates_are_read_from_a_file_and_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (file, more) = (folder.path().join("cert.pem"), folder.path().join("certs"));
        fs::create_dir_all(more.join("folder")).unwrap();
        fs::write(&file, CERTIFICATE.repeat(2)).unwrap();
        fs::write(more.join("one.pem"), format!("a comment\n{CERTIFICATE}")).unwrap();
        fs::write(more.join("notes.txt"), "no certificate").unwrap();
        assert_eq!(pem::read(Some(&file), None).len(), 2);
        assert_eq!(pem::read(None, Some(&more)).len(), 1);
        assert_eq!(pem::read(Some(&file), Some(&more)).len(), 3);
        assert_eq!(pem::read(Some(&folder.path().join("absent")), Some(&file)).len(), 0);
    }

    #[test]
    fn certificates_before_a_fault_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cert.pem");
        fs::write(&file, format!("{CERTIFICATE}-----BEGIN CERTIFICATE-----\n%\n")).unwrap();
        assert_eq!(pem::read(Some(&file), None).len(), 1);
    }
}
