// Orchestration
