//! Tests of stores in files, without a guest.

use std::time::Instant;

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

fn set_for(
    file: &File,
    key: &str,
    ttl: u64,
) -> impl Future<Output = Result<ChangeOutcome, StoreError>> {
    file.change(Change::SetFor(key.to_owned(), b"5".to_vec(), ttl), ALL)
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(30)).await;
}

/// Returns the number of keys in the file, including the expired ones.
fn stored(file: &File) -> u64 {
    use redb::ReadableTableMetadata;
    Reading::begin(&file.database)
        .unwrap()
        .values
        .len()
        .unwrap()
}

#[tokio::test]
async fn an_expired_key_is_absent() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::open(&folder.path().join("kv.redb")).unwrap();
    set_for(&file, "a", 60_000).await.unwrap();
    assert_eq!(read(&file, "a").as_deref(), Some("5"));
    for key in ["a", "b", "c"] {
        set_for(&file, key, 20).await.unwrap();
    }
    set(&file, "d", "1").await.unwrap();
    pause().await;
    assert_eq!((read(&file, "a"), file.exists("a")), (None, Ok(false)));
    let keys = vec!["a".to_owned(), "d".to_owned()];
    let both = file.get_many(keys, 100, 100).await.unwrap();
    assert_eq!(both, [None, Some(b"1".to_vec())]);
    for start in [Cursor::Number(0), Cursor::Text(String::new())] {
        let page = file.list(start).await.unwrap();
        assert_eq!((page.keys, page.next), (vec!["d".to_owned()], None));
    }
    // The file still contains them, until the next change.
    assert_eq!(stored(&file), 4);
    let added = file.change(Change::Add("a".into(), 1, false), ALL).await;
    assert_eq!(added, Ok(ChangeOutcome::Number(1)));
    let swap = Change::Swap("b".into(), None, b"1".to_vec());
    assert_eq!(file.change(swap, ALL).await, Ok(ChangeOutcome::Done));
    assert_eq!((stored(&file), bytes(&file)), (3, 6));
}

#[tokio::test]
async fn changes_keep_or_end_the_expiry() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.redb");
    let file = File::open(&path).unwrap();
    for key in ["set", "swap", "add", "delete", "again"] {
        set_for(&file, key, 1000).await.unwrap();
    }
    let start = Instant::now();
    set(&file, "set", "1").await.unwrap();
    let swap = Change::Swap("swap".into(), Some(b"5".to_vec()), b"6".to_vec());
    file.change(swap, ALL).await.unwrap();
    let add = Change::Add("add".into(), 1, false);
    file.change(add, ALL).await.unwrap();
    let delete = Change::Delete(vec!["delete".into()]);
    file.change(delete, ALL).await.unwrap();
    set(&file, "delete", "2").await.unwrap();
    set_for(&file, "again", 60_000).await.unwrap();
    // The times are in the file.
    drop(file);
    let file = File::open(&path).unwrap();
    let elapsed = start.elapsed();
    assert!(
        elapsed < Duration::from_secs(1),
        "the changes took {elapsed:?}"
    );
    tokio::time::sleep(Duration::from_millis(1100)).await;
    set(&file, "other", "1").await.unwrap();
    let page = file.list(Cursor::Number(0)).await.unwrap();
    assert_eq!(page.keys, ["again", "delete", "other", "set", "swap"]);
    assert_eq!(stored(&file), 5);
}

/// A change is never delayed by a large number of expired keys.
#[tokio::test]
async fn a_commit_removes_some_expired_keys() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::open(&folder.path().join("kv.redb")).unwrap();
    let keys: Vec<String> = (0..1500).map(|at| format!("{at:04}")).collect();
    let all = keys.iter().map(|key| set_for(&file, key, 2000));
    for done in futures_util::future::join_all(all).await {
        done.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(2050)).await;
    assert_eq!(stored(&file), 1500);
    for (key, expected) in [("a", 477), ("b", 2), ("c", 3)] {
        set(&file, key, "").await.unwrap();
        assert_eq!(stored(&file), expected);
    }
    assert_eq!(bytes(&file), 3);
}

/// Pages end although thousands of keys have expired.
#[tokio::test]
async fn a_page_omits_expired_keys() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::open(&folder.path().join("kv.redb")).unwrap();
    let all = (0..SCAN).map(|at| (format!("{at:06}"), Vec::new()));
    let last = std::iter::once(("z".to_owned(), Vec::new()));
    file.change(Change::Set(all.chain(last).collect()), ALL)
        .await
        .unwrap();
    let transaction = file.database.begin_write().unwrap();
    {
        let mut expiries = transaction.open_table(EXPIRIES).unwrap();
        for at in 0..SCAN {
            expiries.insert(format!("{at:06}").as_str(), 1).unwrap();
        }
    }
    transaction.commit().unwrap();
    for start in [Cursor::Number(0), Cursor::Text(String::new())] {
        let first = file.list(start).await.unwrap();
        assert_eq!(first.keys, [""; 0]);
        let second = file.list(first.next.unwrap()).await.unwrap();
        assert_eq!((second.keys, second.next), (vec!["z".to_owned()], None));
    }
}

/// Earlier versions had no tables for expiry.
#[tokio::test]
async fn a_file_of_an_earlier_version_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.redb");
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut values = transaction.open_table(VALUES).unwrap();
        values.insert("a", b"1".as_slice()).unwrap();
        let mut sizes = transaction.open_table(SIZES).unwrap();
        sizes.insert(BYTES, 2).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    let file = File::open(&path).unwrap();
    assert_eq!(read(&file, "a").as_deref(), Some("1"));
    set_for(&file, "b", 60_000).await.unwrap();
    assert_eq!(bytes(&file), 4);
}
