//! Tests of stores in files, without a guest.

use super::*;
use crate::granted::keyvalue::model::NO_NUMBERS;

const ALL: u64 = 1 << 30;

async fn set(file: &File, key: &str, value: &str) -> Result<ChangeOutcome, StoreError> {
    let pairs = vec![(key.to_owned(), value.as_bytes().to_vec())];
    file.change(Change::Set(pairs), ALL).await
}

fn read(file: &File, key: &str) -> Option<String> {
    let value = file.get(key, 1 << 20).unwrap()?;
    Some(String::from_utf8(value).unwrap())
}

/// Returns the total size of keys and values that the file has recorded.
fn bytes(file: &File) -> u64 {
    let transaction = file.database.begin_read().unwrap();
    let sizes = transaction.open_table(SIZES).unwrap();
    sizes.get(BYTES).unwrap().map_or(0, |bytes| bytes.value())
}

#[tokio::test]
async fn a_file_is_opened_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.redb");
    let one = File::open(&path).unwrap();
    let two = File::open(&folder.path().join("./kv.redb")).unwrap();
    assert!(Arc::ptr_eq(&one, &two));
    set(&one, "a", "1").await.unwrap();
    assert_eq!(read(&two, "a").as_deref(), Some("1"));
    drop((one, two));
    // Closed, it can be opened again at once.
    let again = File::open(&path).unwrap();
    assert_eq!(read(&again, "a").as_deref(), Some("1"));
}

#[tokio::test]
async fn sizes_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::open(&folder.path().join("kv.redb")).unwrap();
    set(&file, "ab", "123").await.unwrap();
    assert_eq!(bytes(&file), 5);
    set(&file, "ab", "1").await.unwrap();
    assert_eq!(bytes(&file), 3);
    let twice = vec![("c".to_owned(), vec![0; 9]), ("c".to_owned(), vec![0])];
    file.change(Change::Set(twice), ALL).await.unwrap();
    assert_eq!(bytes(&file), 5);
    let added = file.change(Change::Add("n".into(), 100, false), ALL).await;
    assert_eq!(added, Ok(ChangeOutcome::Number(100)));
    assert_eq!(bytes(&file), 9);
    let swap = Change::Swap("n".into(), Some(b"100".to_vec()), b"".to_vec());
    assert_eq!(file.change(swap, ALL).await, Ok(ChangeOutcome::Done));
    assert_eq!(bytes(&file), 6);
    let gone = vec!["ab".into(), "ab".into(), "x".into(), "c".into(), "n".into()];
    file.change(Change::Delete(gone), ALL).await.unwrap();
    assert_eq!(bytes(&file), 0);
}

/// A rejected change does not affect the others in the same commit.
#[tokio::test]
async fn changes_that_wait_are_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::open(&folder.path().join("kv.redb")).unwrap();
    let changes = (0..100).map(|at| {
        let value = vec![0; if at % 2 == 0 { 1 } else { 1000 }];
        file.change(Change::Set(vec![(at.to_string(), value)]), 500)
    });
    let done = futures_util::future::join_all(changes).await;
    for (at, done) in done.into_iter().enumerate() {
        assert_eq!(done.is_ok(), at % 2 == 0, "{at}: {done:?}");
        assert_eq!(file.exists(&at.to_string()), Ok(at % 2 == 0));
    }
}

#[tokio::test]
async fn numbers_stay_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::open(&folder.path().join("kv.redb")).unwrap();
    let add = |delta| file.change(Change::Add("n".into(), delta, false), ALL);
    assert_eq!(add(i64::MAX).await, Ok(ChangeOutcome::Number(i64::MAX)));
    assert!(matches!(add(1).await, Err(StoreError::Request(_))));
    assert_eq!(add(-1).await, Ok(ChangeOutcome::Number(i64::MAX - 1)));
    set(&file, "n", "1.5").await.unwrap();
    assert!(matches!(add(1).await, Err(StoreError::Request(_))));
    assert_eq!(read(&file, "n").as_deref(), Some("1.5"));
}

#[tokio::test]
async fn pages_go_on_where_they_ended() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::open(&folder.path().join("kv.redb")).unwrap();
    let pairs = (0..PAGE + 1).map(|at| (format!("{at:06}"), Vec::new()));
    file.change(Change::Set(pairs.collect()), ALL)
        .await
        .unwrap();
    for start in [Cursor::Number(0), Cursor::Text(String::new())] {
        let first = file.list(start).await.unwrap();
        assert_eq!(first.keys.len(), PAGE);
        let second = file.list(first.next.unwrap()).await.unwrap();
        assert_eq!(second.keys, [format!("{PAGE:06}")]);
        assert_eq!(second.next, None);
    }
    // A page that is exactly the last has no next.
    let last = vec![format!("{PAGE:06}")];
    file.change(Change::Delete(last), ALL).await.unwrap();
    let only = file.list(Cursor::Number(0)).await.unwrap();
    assert_eq!((only.keys.len(), only.next), (PAGE, None));
    let beyond = file.list(Cursor::Number(u64::MAX)).await.unwrap();
    assert_eq!((beyond.keys.len(), beyond.next), (0, None));
}

#[test]
fn what_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.redb");
    std::fs::write(&path, vec![7; 100_000]).unwrap();
    assert!(File::open(&path).is_err());
    assert!(File::open(&folder.path().join("none/kv.redb")).is_err());
    assert!(File::open(folder.path()).is_err());
    drop(File::open(&folder.path().join("real.redb")).unwrap());
    // A file that is cut off, or changed in the middle.
    let whole = std::fs::read(folder.path().join("real.redb")).unwrap();
    for (name, bytes) in [
        ("short", whole[..whole.len() / 3].to_vec()),
        ("other", {
            let mut bytes = whole.clone();
            bytes[64..1000].fill(0xa5);
            bytes
        }),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        assert!(File::open(&path).is_err(), "{name}");
    }
}

#[tokio::test]
async fn an_increment_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::open(&folder.path().join("kv.redb")).unwrap();
    let add = |delta, is_unsigned| file.change(Change::Add("n".into(), delta, is_unsigned), ALL);
    for text in NO_NUMBERS {
        set(&file, "n", text).await.unwrap();
        for is_unsigned in [false, true] {
            let added = add(1, is_unsigned).await;
            assert!(matches!(added, Err(StoreError::Request(_))), "{text:?}");
            assert_eq!(read(&file, "n").as_deref(), Some(text));
        }
    }
    set(&file, "n", "-5").await.unwrap();
    for delta in [0, 1, 4] {
        assert!(matches!(
            add(delta, true).await,
            Err(StoreError::Request(_))
        ));
        assert_eq!(read(&file, "n").as_deref(), Some("-5"));
    }
    assert_eq!(add(1, false).await, Ok(ChangeOutcome::Number(-4)));
    assert_eq!(add(4, true).await, Ok(ChangeOutcome::Number(0)));
    assert_eq!(
        add(i64::MAX, true).await,
        Ok(ChangeOutcome::Number(i64::MAX))
    );
}
