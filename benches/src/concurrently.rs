//! Calls from several concurrent tasks.

use eventcore::Result;
use tokio::task::JoinSet;

/// Calls `operation` with each number below `count`, from `tasks` concurrent tasks. The results are in no
/// particular order.
pub async fn run_concurrently<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
    tasks: usize,
    count: usize,
    operation: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Result<Vec<T>> {
    let mut running = JoinSet::new();
    for first in 0..tasks {
        let operation = operation.clone();
        running.spawn(async move {
            let mut results = Vec::new();
            for number in (first..count).step_by(tasks) {
                results.push(operation(number).await?);
            }
            Ok::<_, eventcore::Error>(results)
        });
    }
    let mut all = Vec::with_capacity(count);
    while let Some(joined) = running.join_next().await {
        all.extend(joined.map_err(eventcore::Error::internal)??);
    }
    Ok(all)
}
