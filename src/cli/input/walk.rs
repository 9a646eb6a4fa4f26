//! All files below a folder: links are followed, what they lead to is taken once, and what is no file is told.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glasshouse::{Error, Result};

use super::finished_documents;

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Walk {
    /// Its files, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// What was left, and why.
    pub left: Vec<(PathBuf, String)>,
    links: Vec<PathBuf>,
    /// Folders and files that were met, by the paths that no link is a part of.
    met: HashSet<PathBuf>,
}

/// All files under a folder but hidden ones, and of a corpus those of its documents. Where the folder itself stands and what links
/// lead to is taken once, so that there is no going round in circles.
pub fn walk(folder: &Path) -> Result<Walk> {
    let mut walk = Walk::default();
    walk.folder(folder)?;
    let mut next = 0;
    // What links lead to may hold links.
    while next < walk.links.len() {
        walk.links[next..].sort();
        let link = walk.links[next].clone();
        next += 1;
        walk.follow(link)?;
    }
    walk.files.sort();
    walk.left.sort();
    Ok(walk)
}

impl Walk {
    fn folder(&mut self, folder: &Path) -> Result<()> {
        let folder = &finished_documents(folder)?;
        let fail = |error| Error::io(folder, "read", error);
        if !self.met.insert(fs::canonicalize(folder).map_err(fail)?) {
            return Ok(());
        }
        let entries = fs::read_dir(folder).map_err(fail)?.collect::<io::Result<Vec<_>>>().map_err(fail)?;
        for entry in entries {
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let kind = entry.file_type().map_err(fail)?;
            if kind.is_symlink() {
                self.links.push(path);
            } else if kind.is_dir() {
                self.folder_within(path)?;
            } else if kind.is_file() {
                self.met.extend(fs::canonicalize(&path).ok());
                self.files.push(path);
            } else {
                self.left.push((path, "neither a file nor a folder".into()));
            }
        }
        Ok(())
    }

    /// A folder in another: one that the system refuses is left.
    fn folder_within(&mut self, path: PathBuf) -> Result<()> {
        match self.folder(&path) {
            Err(Error::Io { message, .. }) => self.left.push((path, message)),
            result => result?,
        }
        Ok(())
    }

    fn follow(&mut self, link: PathBuf) -> Result<()> {
        let Ok(target) = fs::canonicalize(&link) else {
            self.left.push((link, "a link that leads nowhere".into()));
            return Ok(());
        };
        if self.met.contains(&target) {
            self.left.push((link, "a link to what is taken already".into()));
        } else if target.is_dir() {
            self.folder_within(link)?;
        } else if target.is_file() {
            self.met.insert(target);
            self.files.push(link);
        } else {
            self.left.push((link, "a link to neither a file nor a folder".into()));
        }
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_once_and_circles_end() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        for folder in ["texts/b", "texts/.git", "outside/deep"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        for file in
            ["texts/c.txt", "texts/b/d.txt", "texts/.git/config", "outside/e.txt", "outside/deep/f.txt", "g.txt"]
        {
            fs::write(at(file), file).unwrap();
        }
        for (target, link) in [
            ("../outside", "texts/a"),
            ("../outside/deep", "texts/again"),
            ("..", "texts/b/up"),
            ("../texts", "outside/back"),
            ("../g.txt", "texts/g"),
            ("b", "texts/same"),
            ("nowhere", "texts/lost"),
            ("circle", "texts/circle"),
        ] {
            symlink(target, at(link)).unwrap();
        }
        let found = walk(&at("texts")).unwrap();
        let names = |paths: Vec<&PathBuf>| -> Vec<String> {
            paths.iter().map(|path| path.strip_prefix(at("texts")).unwrap().display().to_string()).collect()
        };
        assert_eq!(names(found.files.iter().collect()), ["a/deep/f.txt", "a/e.txt", "b/d.txt", "c.txt", "g"]);
        let left: Vec<(String, String)> =
            found.left.iter().map(|(path, why)| (names(vec![path]).remove(0), why.clone())).collect();
        let already = "a link to what is taken already";
        let want = [
            ("a/back", already),
            ("again", already),
            ("b/up", already),
            ("circle", "a link that leads nowhere"),
            ("lost", "a link that leads nowhere"),
            ("same", already),
        ];
        assert_eq!(left, want.map(|(name, why)| (name.to_owned(), why.to_owned())));
    }
}
